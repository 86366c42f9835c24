import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Problems } from "../../../architecture/problem";
import { loadSettings } from "../../../stacks/settings";

const endpoints = {
  postgres: {
    host: "db",
    database: "shop",
    user: "admin",
    password: "hush",
    roles: { cdc: { user: "c", password: "hush" } },
  },
  kafka: { bootstrapServers: ["kafka:9092"] },
  connect: { url: "http://connect:8083", databasePassword: "${file:/run/connect.properties:cdc}" },
};

function stackFolder(text: string, endpointsText?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-settings-"));
  writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  if (endpointsText) writeFileSync(join(folder, "endpoints.yaml"), endpointsText);
  return folder;
}

const noSecrets = () => assert.fail("nothing here is secret");

async function problemsOf(text: string, stack = "dev"): Promise<string> {
  const error: unknown = await loadSettings(stack, noSecrets, stackFolder(text)).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems);
  return error.message;
}

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

test("numbers that Pulumi has written back as strings are numbers", async () => {
  const folder = stackFolder('config:\n  tenantry:application: shop\n  tenantry:shardCount: "12"\n');
  assert.equal((await loadSettings("dev", noSecrets, folder)).shardCount, 12);
});

test("endpoints come from the file that the stack names, verified TLS and one node being the defaults", async () => {
  const folder = stackFolder(
    "config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: endpoints.yaml }\n",
    JSON.stringify(endpoints),
  );
  const loaded = await loadSettings("dev", noSecrets, folder);
  assert.equal(loaded.endpoints?.postgres.sslmode, "verify-full");
  assert.deepEqual(loaded.endpoints?.postgres.nodes, [{ name: "coordinator", host: "db", port: 5432 }]);
});

test("endpoints are unknown while the file that the stack names is not there", async () => {
  const folder = stackFolder("config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: later.yaml }\n");
  assert.equal((await loadSettings("dev", noSecrets, folder)).endpoints, undefined);
});

test("an encrypted value is revealed, whole key by whole key", async () => {
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

test("other namespaces and Pulumi's own keys are left to their owners", async () => {
  const folder = stackFolder(
    "encryptionsalt: v1:x\nconfig:\n  kubernetes:context: kind\n  tenantry:application: shop\n",
  );
  assert.equal((await loadSettings("dev", noSecrets, folder)).application, "shop");
});

test("an unknown stack is refused with the stacks there are", async () => {
  const message = await problemsOf("config:\n  tenantry:application: shop\n", "dve");
  assert.match(message, /There is no stack `dve`/);
  assert.match(message, /expected: `dev`/);
  assert.match(message, /Use `-s dev`/);
});

test("every unknown key and wrong value is told at once, with its line", async () => {
  const message = await problemsOf(
    "config:\n  tenantry:aplication: shop\n  tenantry:citus: maybe\n  tenantry:shardCount: many\n",
  );
  assert.match(message, /yaml:2:3: `config` has no key `tenantry:aplication`/);
  assert.match(message, /Write `tenantry:application`/);
  assert.match(message, /`config.tenantry:application` is missing/);
  assert.match(message, /yaml:3:19: `config.tenantry:citus` cannot be read[\s\S]*got: +"maybe"[\s\S]*required or auto/);
  assert.match(message, /yaml:4:24: `config.tenantry:shardCount` cannot be read[\s\S]*a whole number/);
});

test("a stack file that is not YAML is refused at the caret", async () => {
  assert.match(await problemsOf("config:\n  tenantry:application: [shop\n"), /yaml:3:\d+: This is not YAML/);
});

test("an opt-in that could allow nothing is refused", async () => {
  const message = await problemsOf(
    "config:\n  tenantry:application: shop\n  tenantry:allow: [delete everything now]\n",
  );
  assert.match(message, /expected: such as `drop ecommerce.carts`/);
});

test("a wrong password is never repeated in the error about it", async () => {
  const folder = stackFolder(
    "config:\n  tenantry:application: shop\n  tenantry:endpoints: { file: endpoints.yaml }\n",
    "postgres: { host: db, database: shop, user: admin, password: [hunter2] }\n",
  );
  const error: unknown = await loadSettings("dev", noSecrets, folder).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems);
  assert.match(error.message, /password` cannot be read[\s\S]*\[secret\]/);
  assert.doesNotMatch(error.message, /hunter2/);
});

test("a literal password where Connect's reference belongs is refused, and not repeated", async () => {
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

const kubernetes = "config:\n  tenantry:application: shop\n  tenantry:platform: kubernetes\n";

test("a stack on Kubernetes that names its place gets production's defaults", async () => {
  const folder = stackFolder(`${kubernetes}  tenantry:kubernetes: { context: prod, namespace: shop, workers: 3 }\n`);
  const GiB = 2 ** 30;
  const size = { cpu: "2", memory: { bytes: 8 * GiB }, storage: { bytes: 100 * GiB } };
  assert.deepEqual((await loadSettings("dev", noSecrets, folder)).kubernetes, {
    context: "prod",
    namespace: "shop",
    workers: 3,
    coordinator: size,
    worker: size,
    image: "ghcr.io/tenantry/citus:17-13.2",
    spread: "required",
    protect: true,
    rotation: 1,
    access: { by: "cluster" },
    pooler: true,
    kafka: {
      operator: "chart",
      broker: { cpu: "2", memory: { bytes: 4 * GiB } },
      controller: { cpu: "500m", memory: { bytes: GiB }, storage: { bytes: 10 * GiB } },
      rack: "topology.kubernetes.io/zone",
    },
    connect: { cpu: "1", memory: { bytes: 2 * GiB }, image: "ghcr.io/tenantry/connect:4.3.1-1.2.0-3.6.1" },
  });
});

const reached = (access: string) =>
  `${kubernetes}  tenantry:kubernetes:\n    { context: prod, namespace: shop, workers: 2, access: ${access} }\n`;

test("a stack says in one of four ways how the servers are reached from outside, and who may", async () => {
  const accessOf = async (access: string) =>
    (await loadSettings("dev", noSecrets, stackFolder(reached(access)))).kubernetes?.access;
  assert.deepEqual(await accessOf("cluster"), { by: "cluster" });
  assert.deepEqual(await accessOf("{ loadBalancer: { from: [10.0.0.0/8] } }"), {
    by: "loadBalancer",
    from: ["10.0.0.0/8"],
    annotations: {},
  });
  assert.deepEqual(await accessOf("{ nodePort: { host: 127.0.0.1, from: [0.0.0.0/0] } }"), {
    by: "nodePort",
    host: "127.0.0.1",
    from: ["0.0.0.0/0"],
    firstPort: 30000,
  });
  const addresses = "{ coordinator: a:1, workers: [b:2, c:3], kafka: [d:4], connect: 'http://e:5' }";
  assert.deepEqual(await accessOf(`{ addresses: ${addresses} }`), {
    by: "addresses",
    from: [],
    coordinator: { host: "a", port: 1 },
    workers: [
      { host: "b", port: 2 },
      { host: "c", port: 3 },
    ],
    kafka: [{ host: "d", port: 4 }],
    connect: "http://e:5",
  });
});

test("a way that lets nobody in, an unknown one, two at once, and a worker without an address are refused", async () => {
  assert.match(await problemsOf(reached("{ loadBalancer: {} }")), /loadBalancer.from` is missing/);
  assert.match(await problemsOf(reached("{ loadBalancer: { from: [] } }")), /at least one network that may connect/);
  assert.match(await problemsOf(reached("{ loadBalancer: { from: [10.0.0.1] } }")), /a network such as `10.0.0.0\/8`/);
  assert.match(await problemsOf(reached("proxy")), /access` cannot be read[\s\S]*one of `cluster`, `loadBalancer`/);
  const both = "{ cluster: {}, nodePort: { host: a, from: [10.0.0.0/8] } }";
  assert.match(await problemsOf(reached(both)), /expected: one of `cluster`, `loadBalancer`/);
  const addresses = "{ coordinator: a:1, workers: [b:2], kafka: [d:4], connect: 'http://e:5' }";
  assert.match(await problemsOf(reached(`{ addresses: ${addresses} }`)), /an address for each of the 2 workers/);
});

test("roles are made by the stack on Kubernetes, and expected to be there on servers that exist", async () => {
  const made = async (text: string) => (await loadSettings("dev", noSecrets, stackFolder(text))).postgres;
  assert.equal((await made(reached("cluster")))?.manageRoles, true);
  assert.equal((await made("config:\n  tenantry:application: shop\n"))?.manageRoles, false);
  const external = "config:\n  tenantry:application: shop\n  tenantry:citus: auto\n  tenantry:postgres:\n";
  assert.deepEqual(await made(`${external}    { manageRoles: "true", manageDatabase: true }\n`), {
    manageRoles: true,
    manageDatabase: true,
  });
});

test("a database is made only where that is enough: not on Kubernetes, not with Citus, not without the roles", async () => {
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

test("Kafka's keys are refused with their place as the others are", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kafka: { replication: 2, consumers: { Billing: all } }\n  tenantry:kubernetes:\n    context: a\n    namespace: b\n    workers: 1\n    kafka: { brokers: 0, operator: helm, rak: zone }\n    connect: { memory: 1G }\n`,
  );
  assert.match(message, /kafka.brokers` cannot be read[\s\S]*a whole number from 1 to 99/);
  assert.match(message, /kafka.operator` cannot be read[\s\S]*chart or existing/);
  assert.match(message, /no key `rak`[\s\S]*Write `rack`/);
  assert.match(message, /connect.memory` cannot be read[\s\S]*such as `8 KiB`/);
  assert.match(message, /lower case letters, digits and dashes/);
});

test("what the brokers decide is refused in the stack file, with its line", async () => {
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

test("a login of Kafka without its password is refused, and the password is never repeated", async () => {
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

test("a stack on Kubernetes without a place, and a place without the platform, are refused", async () => {
  assert.match(await problemsOf(kubernetes), /does not say where[\s\S]*Add the key `tenantry:kubernetes`/);
  assert.match(
    await problemsOf(
      "config:\n  tenantry:application: shop\n  tenantry:kubernetes: { context: a, namespace: b, workers: 1 }\n",
    ),
    /`tenantry:kubernetes` means nothing where the platform is `external`/,
  );
});

test("no workers, unknown keys and sizes without a unit are refused with their place", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kubernetes:\n    context: a\n    namespace: b\n    workers: 0\n    wrkers: 2\n    worker: { storage: 100G }\n`,
  );
  assert.match(
    message,
    /yaml:7:\d+: `config.tenantry:kubernetes.workers` cannot be read[\s\S]*a whole number from 1 to 64/,
  );
  assert.match(message, /no key `wrkers`[\s\S]*Write `workers`/);
  assert.match(message, /worker.storage` cannot be read[\s\S]*such as `8 KiB`/);
});

const load =
  "{ tenants: { now: 300, largest: 5 % }, writes: 5000, retention: { hot: 3 months }, consistency: bounded }";

test("a stack with a workload takes its sizes from the plan", async () => {
  const folder = stackFolder(
    `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b }\n  tenantry:workload: ${load}\n  tenantry:plan: { workers: 5 }\n`,
  );
  const settings = await loadSettings("dev", noSecrets, folder);
  assert.equal(settings.consistency, "bounded");
  assert.equal(settings.kubernetes?.workers, 5);
  assert.equal(settings.kubernetes?.worker.cpu, "16");
  assert.equal(settings.shardCount, 64);
});

test("a size beside a workload is refused, with the one place to set it", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:consistency: strong\n  tenantry:shardCount: 12\n  tenantry:kubernetes: { context: a, namespace: b, workers: 2, replicas: 2, coordinator: {}, worker: {}, kafka: { brokers: 3, broker: { cpu: 1, storage: 9 GiB } }, connect: { replicas: 2 } }\n  tenantry:workload: ${load}\n`,
  );
  assert.match(message, /yaml:4:3: `tenantry:consistency` is the plan's to decide/);
  assert.match(message, /`consistency` in `tenantry:workload`/);
  assert.match(message, /yaml:5:3: `tenantry:shardCount` is the plan's[\s\S]*write `shardCount` in `tenantry:plan`/);
  assert.match(message, /yaml:6:52: `tenantry:kubernetes.workers` is the plan's/);
  const instead = ["replicas", "coordinatorCores", "workerStorage", "brokers", "brokerStorage", "connectWorkers"];
  for (const value of instead) assert.match(message, new RegExp(`\`${value}\`.* in \`tenantry:plan\``));
});

test("copies of topics on servers that exist are the plan's where there is a workload", async () => {
  const stack = (kafka: string) => `config:\n  tenantry:application: shop\n  tenantry:workload: ${load}\n${kafka}`;
  const settings = await loadSettings("dev", noSecrets, stackFolder(stack("")));
  assert.deepEqual([settings.kafka.replication, settings.kafka.minInSync], [3, 2]);
  assert.match(
    await problemsOf(stack("  tenantry:kafka: { replication: 2 }\n")),
    /`tenantry:kafka.replication` is the plan's to decide[\s\S]*write `replicationFactor` in `tenantry:plan`/,
  );
});

test("values of a plan without a workload are refused, and so are servers without a size", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b }\n  tenantry:plan: { workers: 5 }\n`,
  );
  assert.match(message, /yaml:5:3: `tenantry:plan` sets values of a plan, and there is none/);
  assert.match(message, /yaml:4:3: Nothing says how many workers there are/);
});

test("monitoring is a flag, or the labels that Prometheus' operator chooses by; without it there is none", async () => {
  const monitoringOf = async (text: string) => {
    const file = `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b, workers: 2${text} }\n`;
    return (await loadSettings("dev", noSecrets, stackFolder(file))).kubernetes?.monitoring;
  };
  assert.deepEqual(await monitoringOf(", monitoring: true"), { labels: {} });
  assert.deepEqual(await monitoringOf(", monitoring: { labels: { release: p } }"), { labels: { release: "p" } });
  assert.equal(await monitoringOf(", monitoring: false"), undefined);
  assert.equal(await monitoringOf(""), undefined);
  await assert.rejects(
    monitoringOf(", monitoring: yes please"),
    /true, false, or `\{ labels: \{ release: prometheus \} \}`/,
  );
});

const tenants =
  "  tenantry:tenants:\n    - { name: acme, id: 5e5b2c1a-0000-4000-8000-00000000acce }\n    - { name: globex, id: 7 }\n";
const stackOf = (...lines: string[]) => `config:\n  tenantry:application: shop\n${lines.join("")}`;

test("tenants that have a place of their own are listed", async () => {
  const folder = stackFolder(stackOf("  tenantry:tenancy: schema\n", tenants));
  assert.deepEqual((await loadSettings("dev", noSecrets, folder)).tenancy, {
    model: "schema",
    tenants: [
      { name: "acme", id: "5e5b2c1a-0000-4000-8000-00000000acce" },
      { name: "globex", id: "7" },
    ],
  });
});

test("a workload's plan chooses the model, and its own values override it", async () => {
  const few = "{ tenants: { now: 6, largest: 40 % }, writes: 50, retention: { hot: 3 months } }";
  const planned = stackFolder(stackOf(`  tenantry:workload: ${few}\n`, tenants));
  assert.equal((await loadSettings("dev", noSecrets, planned)).tenancy?.model, "silo");
  const own = stackFolder(stackOf(`  tenantry:workload: ${few}\n  tenantry:plan: { model: shared }\n`));
  assert.equal((await loadSettings("dev", noSecrets, own)).tenancy, undefined);
  assert.match(
    await problemsOf(stackOf(`  tenantry:workload: ${few}\n`)),
    /yaml:3:3: Nothing says which tenants there are, and in the model `silo`, by the plan/,
  );
});

test("tenants are refused where they are rows, and missed where they are not", async () => {
  assert.match(await problemsOf(stackOf(tenants)), /yaml:3:3: `tenantry:tenants` lists[\s\S]*they are rows/);
  assert.match(await problemsOf(stackOf("  tenantry:tenancy: schema\n")), /yaml:3:3: Nothing says which tenants/);
});

test("shards of their own are refused for tenants that share none", async () => {
  const isolated = "  tenantry:isolatedTenants: [5e5b2c1a-0000-4000-8000-00000000acce]\n";
  assert.match(
    await problemsOf(stackOf("  tenantry:tenancy: schema\n", tenants, isolated)),
    /yaml:7:3: `tenantry:isolatedTenants` gives tenants shards[\s\S]*in the model `schema`[\s\S]*Remove it/,
  );
});

test("tenants of one name or one id, and names that make no names, are refused with their place", async () => {
  const list = "[{ name: a, id: 1 }, { name: a, id: 2 }, { name: b, id: 1 }, { name: Big-One, id: 3 }]";
  const message = await problemsOf(stackOf(`  tenantry:tenancy: silo\n  tenantry:tenants: ${list}\n`));
  assert.match(message, /tenantry:tenants.1.name` cannot be read[\s\S]*a name of its own/);
  assert.match(message, /tenantry:tenants.2.id` cannot be read[\s\S]*an id of its own/);
  assert.match(message, /"Big-One"[\s\S]*a lower-case letter/);
  const long = "[{ name: a, id: 9007199254740993 }]";
  const rounded = await problemsOf(stackOf(`  tenantry:tenancy: silo\n  tenantry:tenants: ${long}\n`));
  assert.match(rounded, /tenantry:tenants.0.id` cannot be read[\s\S]*in quotes if it is a long number/);
});

test("silos on Kubernetes are refused with the ways out", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b, workers: 1 }\n  tenantry:tenancy: silo\n${tenants}`,
  );
  assert.match(message, /not on Kubernetes: a cluster that Patroni keeps has one database[\s\S]*a stack of its own/);
});
