import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Problems } from "../../../common/problem";
import { root } from "../../../common/system/checkout";
import { loadSettings } from "../../../settings/stack-file";
import { endpoints, kubernetes, load, noSecrets, problemsOf, reached, stackFolder } from "./stack-file";

test("a stack that names only its application gets production's defaults", async () => {
  const folder = stackFolder("config:\n  tenantry:application: shop\n");
  assert.deepEqual(await loadSettings("dev", noSecrets, folder), {
    application: "shop",
    platform: "external",
    citus: "required",
    consistency: "strong",
    shardCount: 32,
    allow: [],
    postgres: { manageRoles: false, manageDatabase: false },
    kafka: { manageTopics: false, replication: 3, consumers: {} },
    endpoints: undefined,
  });
});

test("reads numbers that Pulumi wrote back as strings", async () => {
  const folder = stackFolder('config:\n  tenantry:application: shop\n  tenantry:shardCount: "12"\n');
  assert.equal((await loadSettings("dev", noSecrets, folder)).shardCount, 12);
});

test("reads endpoints from the file that the stack names; defaults are verified TLS and one node", async () => {
  const folder = stackFolder(
    "config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: endpoints.yaml }\n",
    JSON.stringify(endpoints),
  );
  const loaded = await loadSettings("dev", noSecrets, folder);
  assert.equal(loaded.endpoints?.postgres.sslmode, "verify-full");
  assert.deepEqual(loaded.endpoints?.postgres.nodes, [{ name: "coordinator", host: "db", port: 5432 }]);
});

test("endpoints are unknown while their file does not exist", async () => {
  const folder = stackFolder("config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: later.yaml }\n");
  assert.equal((await loadSettings("dev", noSecrets, folder)).endpoints, undefined);
});

test("decrypts only the keys that hold an encrypted value, each as a whole", async () => {
  const folder = stackFolder(
    "config:\n  tenantry:application: shop\n  tenantry:endpoints: { postgres: { password: { secure: v1:abc } } }\n",
  );
  const asked: string[] = [];
  const reveal = (key: string) => {
    asked.push(key);
    return endpoints;
  };
  assert.equal((await loadSettings("dev", reveal, folder)).endpoints?.postgres.password, "hush");
  assert.deepEqual(asked, ["endpoints"]);
});

test("ignores keys of other namespaces and Pulumi's own keys", async () => {
  const folder = stackFolder(
    "encryptionsalt: v1:x\nconfig:\n  kubernetes:context: kind\n  tenantry:application: shop\n",
  );
  assert.equal((await loadSettings("dev", noSecrets, folder)).application, "shop");
});

test("rejects an unknown stack, and lists the existing ones", async () => {
  const message = await problemsOf("config:\n  tenantry:application: shop\n", "dve");
  assert.match(message, /There is no stack `dve`/);
  assert.match(message, /expected: `dev`/);
  assert.match(message, /Use `-s dev`/);
});

test("reports all unknown keys and wrong values together, each with its line", async () => {
  const message = await problemsOf(
    "config:\n  tenantry:aplication: shop\n  tenantry:citus: maybe\n  tenantry:shardCount: many\n",
  );
  assert.match(message, /yaml:2:3: `config` has no key `tenantry:aplication`/);
  assert.match(message, /Write `tenantry:application`/);
  assert.match(message, /`config.tenantry:application` is missing/);
  assert.match(message, /yaml:3:19: `config.tenantry:citus` cannot be read[\s\S]*got: +"maybe"[\s\S]*required or auto/);
  assert.match(message, /yaml:4:24: `config.tenantry:shardCount` cannot be read[\s\S]*a whole number/);
});

test("rejects a stack file that is not YAML, at the line and column of the error", async () => {
  assert.match(await problemsOf("config:\n  tenantry:application: [shop\n"), /yaml:3:\d+: This is not YAML/);
});

test("rejects an opt-in with an unknown verb", async () => {
  const message = await problemsOf(
    "config:\n  tenantry:application: shop\n  tenantry:allow: [delete everything now]\n",
  );
  assert.match(message, /expected: such as `drop ecommerce.carts`/);
});

test("accepts every opt-in that docs/apply-changes.md lists, and a tenant's value with spaces", async () => {
  const page = readFileSync(join(root, "docs", "apply-changes.md"), "utf8");
  const listed = [...page.matchAll(/^\| `([a-z-]+) [A-Z.]+` \|/gm)].map(([, verb]) => `${verb} shop.orders`);
  assert.ok(listed.length >= 8, listed.join());
  const allow = [...listed, "block-writes the first tenant"];
  const folder = stackFolder(`config:\n  tenantry:application: shop\n  tenantry:allow: ${JSON.stringify(allow)}\n`);
  assert.deepEqual((await loadSettings("dev", noSecrets, folder)).allow, allow);
});

test("an error about a wrong password does not show the password", async () => {
  const folder = stackFolder(
    "config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: endpoints.yaml }\n",
    "postgres: { host: db, database: shop, user: admin, password: [hunter2] }\n",
  );
  const error: unknown = await loadSettings("dev", noSecrets, folder).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems);
  assert.match(error.message, /password` cannot be read[\s\S]*\[secret\]/);
  assert.doesNotMatch(error.message, /hunter2/);
});

test("rejects a literal password in `databasePassword` without showing it", async () => {
  const literal = { ...endpoints, connect: { ...endpoints.connect, databasePassword: "hunter2" } };
  const folder = stackFolder(
    "config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: endpoints.yaml }\n",
    JSON.stringify(literal),
  );
  const error: unknown = await loadSettings("dev", noSecrets, folder).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems);
  assert.match(error.message, /databasePassword` cannot be read[\s\S]*a reference such as/);
  assert.doesNotMatch(error.message, /hunter2/);
});

test("reports wrong keys and values of Kafka and Connect at their places", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kafka: { replication: 2, consumers: { Billing: all } }\n  tenantry:kubernetes:\n    context: a\n    namespace: b\n    workers: 1\n    kafka: { brokers: 0, operator: helm, rak: zone }\n    connect: { memory: 1G }\n`,
  );
  assert.match(message, /kafka.brokers` cannot be read[\s\S]*a whole number from 1 to 99/);
  assert.match(message, /kafka.operator` cannot be read[\s\S]*chart or existing/);
  assert.match(message, /no key `rak`[\s\S]*Write `rack`/);
  assert.match(message, /connect.memory` cannot be read[\s\S]*such as `8 KiB`/);
  assert.match(message, /lower case letters, digits and dashes/);
});

test("rejects `replication` on Kubernetes with its line in the stack file", async () => {
  assert.match(
    await problemsOf(
      `${kubernetes}  tenantry:kafka: { replication: 2 }\n  tenantry:kubernetes: { context: a, namespace: b, workers: 1 }\n`,
    ),
    /yaml:4:3: The copies of a partition follow from the brokers/,
  );
  const planned = await problemsOf(
    `${kubernetes}  tenantry:kafka: { replication: 2 }\n  tenantry:kubernetes: { context: a, namespace: b }\n  tenantry:workload: ${load}\n`,
  );
  assert.match(planned, /yaml:4:21: `tenantry:kafka.replication` is the plan's to decide/);
  assert.doesNotMatch(planned, /follow from the brokers/);
});

test("rejects a Kafka login with only one of user and password, without showing the password", async () => {
  const half = { ...endpoints, kafka: { ...endpoints.kafka, password: "hunter2" } };
  const folder = stackFolder(
    "config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: endpoints.yaml }\n",
    JSON.stringify(half),
  );
  const error: unknown = await loadSettings("dev", noSecrets, folder).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems);
  assert.match(error.message, /`user` and `password` together/);
  assert.doesNotMatch(error.message, /hunter2/);
});

test("by default the stack creates roles on Kubernetes, and expects them on existing servers", async () => {
  const made = async (text: string) => (await loadSettings("dev", noSecrets, stackFolder(text))).postgres;
  assert.equal((await made(reached("cluster")))?.manageRoles, true);
  assert.equal((await made("config:\n  tenantry:application: shop\n"))?.manageRoles, false);
  const external = "config:\n  tenantry:application: shop\n  tenantry:citus: auto\n  tenantry:postgres:\n";
  assert.deepEqual(await made(`${external}    { manageRoles: "true", manageDatabase: true }\n`), {
    manageRoles: true,
    manageDatabase: true,
  });
});

test("rejects `manageDatabase` on Kubernetes, with Citus, and without `manageRoles`", async () => {
  const both = "  tenantry:postgres: { manageRoles: true, manageDatabase: true }\n";
  assert.match(await problemsOf(`${reached("cluster")}${both}`), /:6:3: The stack cannot make the database: the Citus/);
  assert.match(
    await problemsOf(`config:\n  tenantry:application: shop\n${both}`),
    /with Citus the database must be there on every node[\s\S]*Remove `manageDatabase`/,
  );
  const alone = "  tenantry:citus: auto\n  tenantry:postgres: { manageDatabase: true }\n";
  assert.match(
    await problemsOf(`config:\n  tenantry:application: shop\n${alone}`),
    /it comes with the roles[\s\S]*Set `manageRoles` to `true` as well/,
  );
});
