import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test, { type TestContext } from "node:test";
import { stringify } from "yaml";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";
import { findProgram, pulumiDirectories } from "../../pulumi-cli/pulumi-programs";

/** Runs real previews of a small program with the policy pack. They need no server; mocks stand in for Kubernetes' resources. */

interface Example {
  /** The declarations of the program, in the form `declare(TYPE, NAME, INPUTS, PROTECT)`. */
  readonly program?: string;
  /** The settings under `tenantry:` in the stack `prod`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Runs the checks in the program instead of in the pack. @default false */
  readonly inProgram?: boolean;
}

const program = (declarations: string) => `import * as pulumi from "@pulumi/pulumi";
import { holdPolicies } from "./policy/in-program";

class Stand extends pulumi.ComponentResource {}
const declare = (type: string, name: string, inputs: object, protect = false) => new Stand(type, name, inputs, { protect });

export = async () => {
  const checkTogether = process.env["TENANTRY_POLICIES"] === "program" ? await holdPolicies("prod") : () => {};
  ${declarations}
  checkTogether();
};
`;

/** Runs a preview and returns its exit code and output. Skips the test without Pulumi. */
async function preview(
  t: TestContext,
  example: Example,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const directories = await pulumiDirectories();
  const pulumi = findProgram("pulumi", directories);
  if (!pulumi) {
    t.skip("the Pulumi CLI was not found: run `make setup`");
    return { code: null, text: "" };
  }
  const folder = mkdtempSync(join(tmpdir(), "tenantry-policy-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const copied = [
    "architecture",
    "common",
    "kafka",
    "lint",
    "planner",
    "policy",
    "provider",
    "settings",
    "sql",
    "package.json",
    "Pulumi.yaml",
    "tsconfig.json",
    "tenantry-lint.yaml",
  ];
  for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const path of ["stacks", ".state"]) mkdirSync(join(folder, path));
  const settings = { application: "ecommerce", platform: "external", ...example.settings };
  const config = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`tenantry:${key}`, value]));
  writeFileSync(join(folder, "stacks", "Pulumi.prod.yaml"), stringify({ config }));
  writeFileSync(join(folder, "index.ts"), program(example.program ?? ""));
  for (const [path, text] of Object.entries(example.files ?? {})) writeFileSync(join(folder, path), text);
  const env = {
    ...process.env,
    PATH: directories.join(delimiter),
    PULUMI_BACKEND_URL: `file://${join(folder, ".state")}`,
    PULUMI_CONFIG_PASSPHRASE: "of this test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    NO_COLOR: "1",
    ...(example.inProgram && { TENANTRY_POLICIES: "program" }),
  };
  const call = (...args: string[]) =>
    run(pulumi, [...args, "--stack", "prod", "--non-interactive"], { cwd: folder, env });
  const made = await call("stack", "init");
  assert.equal(made.code, 0, made.stderr);
  const pack = example.inProgram ? [] : ["--policy-pack", "policy"];
  const { code, stdout, stderr } = await call("preview", ...pack);
  return { code, text: `${stdout}${stderr}` };
}

/** Checks that the output contains each line of a message, anywhere. */
function assertShows(text: string, message: string): void {
  const lines = text.split("\n").map((line) => line.trim());
  for (const line of message.split("\n"))
    assert.ok(
      lines.some((each) => each.includes(line.trim())),
      `${line}\n\nin:\n${text}`,
    );
}

const badPod = `declare("kubernetes:apps/v1:Deployment", "connect",
    { spec: { template: { spec: { containers: [{ name: "connect", image: "connect:latest" }] } } } });`;
const badConnector = `declare("tenantry:index:Connector", "outbox", { connector: "outbox", config: {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector", "snapshot.mode": "initial",
    "database.hostname": "db.example.com", "database.sslmode": "require", "database.password": "hunter2" } });`;
const bad = `${badPod}
  ${badConnector}
  declare("kubernetes:core/v1:Service", "front", { spec: { type: "LoadBalancer" } });
  declare("kubernetes:core/v1:PersistentVolumeClaim", "data", {});
  declare("kubernetes:kafka.strimzi.io/v1:Kafka", "kafka", { spec: { kafka: { listeners: [{ name: "plain", tls: false }] } } });
  declare("tenantry:index:Connector", "jdbc", { connector: "jdbc", config: { "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector" } });`;

const onResources = [
  "`front` can be reached from outside of the cluster: Service of type LoadBalancer",
  "Container `connect` of `connect` has no request of cpu, no request of memory, no limit on memory",
  "Image `connect:latest` is whatever was pushed last",
  "`data` of stack `prod` holds what cannot be made again, and is not protected",
  "Listener `plain` of Kafka `kafka` is not encrypted",
  "Connector `outbox` reads the database with `database.sslmode` require",
  "Connector `outbox` has `snapshot.mode` initial: it reads the table and sends old events again",
  "Connector `outbox` creates a publication of all tables if its own is missing",
  "Connector `outbox` sends at least once, and the stack's consistency is `strong`",
  "`database.password` of connector `outbox` is written out: Kafka Connect's REST interface shows it",
  "This polls the outbox: it loads the database without events, and delays events",
];

test("fails a preview with the pack for each kind of resource that breaks a rule, with lint's message", async (t) => {
  const { code, text } = await preview(t, { program: bad });
  if (code === null) return;
  assert.notEqual(code, 0);
  for (const message of onResources) assertShows(text, message);
  assertShows(text, "fix:      Use a Service of type ClusterIP");
  assertShows(text, "rule:     public-endpoint (error): docs/rules/public-endpoint.md");
  assert.doesNotMatch(text, /hunter2/);
});

const table = 'declare("tenantry:index:DistributedTable", "shop.orders", { schema: "shop", table: "orders" });';
const badFiles = {
  settings: { allow: ["drop ecommerce.carts"] },
  files: { "sql/ecommerce/900_bad.sql": "ALTER TABLE carts DROP COLUMN customer_id;\n" },
};
const inFiles = [
  "stacks/Pulumi.prod.yaml:4:3: Stack `prod` may drop `ecommerce.carts` with its rows, and nobody else has signed that",
  "sql/ecommerce/900_bad.sql:1:31: Dropping column `carts.customer_id` breaks every running release that reads or writes it",
];

test("fails a preview with the pack for errors in isolation, settings and SQL of a whole stack", async (t) => {
  const { code, text } = await preview(t, { program: table, ...badFiles });
  if (code === null) return;
  assert.notEqual(code, 0);
  assertShows(text, "Tenant table `shop.orders` has no TenantIsolation: nothing keeps tenants apart in it");
  for (const message of inFiles) assertShows(text, message);
});

test("rejects a stack on Kubernetes without backups, protection and pinned images", async (t) => {
  const kubernetes = { context: "prod", namespace: "shop", workers: 2, protect: false, image: "citus" };
  const { code, text } = await preview(t, { settings: { platform: "kubernetes", kubernetes } });
  if (code === null) return;
  assert.notEqual(code, 0);
  assertShows(text, "Stack `prod` does not say who backs its volumes up");
  assertShows(text, "Stack `prod` lets `destroy` delete its volumes, keys and namespace");
  assertShows(text, "Image `citus` is whatever was pushed last");
});

test("accepts a program that breaks no rule", async (t) => {
  const isolation = table.replace("DistributedTable", "TenantIsolation");
  const { code, text } = await preview(t, { program: `${table}\n  ${isolation}` });
  if (code === null) return;
  assert.equal(code, 0, text);
});

test("in the program, checks files before the first resource, and resources at the end", async (t) => {
  const files = await preview(t, { program: table, ...badFiles, inProgram: true });
  if (files.code === null) return;
  assert.notEqual(files.code, 0);
  for (const message of inFiles) assertShows(files.text, message);
  const resource = await preview(t, { program: badConnector, inProgram: true });
  assert.notEqual(resource.code, 0);
  for (const message of onResources.filter((each) => each.includes("`outbox`"))) assertShows(resource.text, message);
  assert.doesNotMatch(resource.text, /hunter2/);
  const whole = await preview(t, { program: table, inProgram: true });
  assert.notEqual(whole.code, 0);
  assertShows(whole.text, "Tenant table `shop.orders` has no TenantIsolation: nothing keeps tenants apart in it");
});
