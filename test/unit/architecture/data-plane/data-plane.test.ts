import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { stringify } from "yaml";
import { loadApplication } from "../../../../architecture/application-loader";
import { dataPlane } from "../../../../architecture/data-plane/data-plane";
import type { Declaration } from "../../../../architecture/data-plane/declaration";
import { onlyCoordinator } from "../../../../architecture/data-plane/nodes";
import { toWire } from "../../../../provider/protocol/input-schemas";
import { externalSettings } from "../../external-settings";
import { matchesGolden } from "../../golden";
import { lasting } from "../../lasting";
import { parseShop, type ShopArgs } from "../shop";

const root = join(__dirname, "..", "..", "..", "..");
const settings = externalSettings({ application: "shop", shardCount: 12 });
const log = {
  tables: ["log: { tenant: true, partition: { by: at, every: 1 month, retention: 1 year } }"],
  sql: {
    "002_log.sql":
      "CREATE TABLE log (tenant_id uuid REFERENCES tenants, at timestamptz, PRIMARY KEY (tenant_id, at)) PARTITION BY RANGE (at);",
  },
} as const;
const oneAggregate = "events: { aggregates: { order: { retention: 14 days } } }";

async function declare(args: ShopArgs, nodes = onlyCoordinator): Promise<Declaration[]> {
  return dataPlane(await parseShop(args), [], settings, nodes);
}

function ids(declarations: readonly Declaration[]): string[] {
  return declarations.map(({ noun, name }) => `${noun}/${name}`);
}

test("places, partitions and isolates the tables of a file before the next file runs", async () => {
  const sql = { ...log.sql, "003_more.sql": "SELECT 1;" };
  assert.deepEqual(ids(await declare({ ...log, sql, yaml: [oneAggregate] })), [
    "Migration/shop/schema",
    "RoleBoundary/shop",
    "Migration/shop/001_tenants",
    "ReferenceTable/shop.countries",
    "DistributedTable/shop.tenants",
    "TenantIsolation/shop.tenants",
    "Migration/shop/002_log",
    "DistributedTable/shop.log",
    "PartitionSet/shop.log",
    "TenantIsolation/shop.log",
    "Migration/shop/003_more",
    "Outbox/tenantry.outbox",
    "PartitionSet/tenantry.outbox",
    "TenantIsolation/tenantry.outbox",
    "ProcessedEvents/tenantry.processed_events",
    "TenantIsolation/tenantry.processed_events",
    "ReplicationSlot/shop_outbox_coordinator",
    "Connector/shop-outbox-coordinator",
  ]);
});

test("without aggregates, declares processed events but no outbox, slot or connector", async () => {
  const own = ids(await declare({})).filter((id) => !/shop[./]|^RoleBoundary/.test(id));
  assert.deepEqual(own, ["ProcessedEvents/tenantry.processed_events", "TenantIsolation/tenantry.processed_events"]);
});

test("the outbox lists the declared aggregates, sorted by name", async () => {
  const several = "events: { aggregates: { payment: {}, order: {} } }";
  const [outbox] = (await declare({ yaml: [several] })).flatMap((each) =>
    each.noun === "Outbox" ? [each.inputs] : [],
  );
  assert.deepEqual(outbox?.aggregates, ["order", "payment"]);
});

test("declares every dependency before the declaration that needs it", async () => {
  const known = new Set<string>();
  for (const { noun, name, after } of await declare({ ...log, yaml: [oneAggregate] })) {
    for (const id of after) assert.ok(known.has(id), `${noun}/${name} comes after ${id}`);
    const id = `${noun}/${name}`;
    assert.ok(!known.has(id), `${id} is declared once`);
    known.add(id);
  }
});

test("declares the toolkit's own SQL first, to run again when it changes", async () => {
  const file = { path: "sql/base/010_a.sql", text: "", hash: "abc", transaction: true, statements: [] };
  const [first, second] = dataPlane(await parseShop({}), [file], settings, onlyCoordinator);
  assert.deepEqual(first, {
    noun: "Migration",
    name: "base/010_a",
    inputs: {
      path: "sql/base/010_a.sql",
      hash: "abc",
      statements: [],
      transaction: true,
      schema: "tenantry",
      apply: "onChange",
    },
    after: [],
  });
  assert.deepEqual(second?.after, ["Migration/base/010_a"]);
});

test("tenant tables and the outbox join the co-location group of the tenant root", async () => {
  const declarations = await declare({ ...log, yaml: [oneAggregate] });
  const placements = declarations.flatMap(({ noun, name, inputs }) =>
    noun === "DistributedTable" ? [[name, inputs.placement]] : [],
  );
  assert.deepEqual(placements, [
    ["shop.tenants", { shardCount: 12 }],
    ["shop.log", { colocateWith: "shop.tenants" }],
  ]);
  const [outbox] = declarations.flatMap((each) => (each.noun === "Outbox" ? [each.inputs] : []));
  assert.equal(outbox?.colocateWith, "shop.tenants");
  assert.equal(outbox?.maxPayloadBytes, 8192);
});

test("the outbox drops partitions that the slots have passed; other tables drop them by age", async () => {
  const sets = (await declare({ ...log, yaml: [oneAggregate] })).flatMap((each) =>
    each.noun === "PartitionSet" ? [each.inputs] : [],
  );
  assert.deepEqual(sets, [
    {
      schema: "shop",
      table: "log",
      by: "at",
      every: lasting("1 month"),
      ahead: 4,
      retention: lasting("1 year"),
      dropAfter: "retention",
    },
    {
      schema: "tenantry",
      table: "outbox",
      by: "created_at",
      every: lasting("1 day"),
      ahead: 4,
      retention: lasting("3 days"),
      dropAfter: "slots",
    },
  ]);
});

test("declares each node's membership, then slot, then connector, and last the shard rebalance", async () => {
  const nodes = ["worker_1", "worker_2"].map((name) => ({ name, host: name, port: 5432 }));
  const declared = await declare({ yaml: [oneAggregate] }, nodes);
  assert.deepEqual(ids(declared).slice(0, 3), ["CitusNode/worker_1", "CitusNode/worker_2", "Migration/shop/schema"]);
  assert.deepEqual(ids(declared).slice(-5), [
    "ReplicationSlot/shop_outbox_worker_1",
    "Connector/shop-outbox-worker-1",
    "ReplicationSlot/shop_outbox_worker_2",
    "Connector/shop-outbox-worker-2",
    "ShardRebalance/shop",
  ]);
  assert.deepEqual(declared.at(-1)?.after, ids(declared).slice(-5, -1));
  // Pulumi deletes in the opposite order of what depends on each other directly.
  assert.ok(declared.at(-3)?.after.includes("CitusNode/worker_2"));
  assert.ok(declared.at(-2)?.after.includes("ReplicationSlot/shop_outbox_worker_2"));
});

test("a single plain PostgreSQL server gets no CitusNode and no ShardRebalance", async () => {
  const nouns = (await declare({ yaml: [oneAggregate] })).map(({ noun }) => noun);
  assert.ok(!nouns.includes("CitusNode") && !nouns.includes("ShardRebalance"));
});

test("a coordinator with shards gets a ShardRebalance but no CitusNode", async () => {
  const declared = dataPlane(await parseShop({}), [], { ...settings, citus: "required" }, onlyCoordinator);
  assert.deepEqual(
    declared.filter(({ noun }) => noun === "CitusNode" || noun === "ShardRebalance").map(({ noun }) => noun),
    ["ShardRebalance"],
  );
});

test("Patroni registers the nodes on Kubernetes, and tenantry elsewhere", async () => {
  const node = { name: "worker_1", host: "w", port: 5432 };
  const application = await parseShop({});
  for (const [platform, registeredBy] of [
    ["kubernetes", "patroni"],
    ["external", "tenantry"],
  ] as const) {
    const [first] = dataPlane(application, [], { ...settings, platform }, [node]);
    assert.deepEqual(first?.inputs, { node, registeredBy });
  }
});

test("without events, declares no slot, because it would keep WAL that nobody reads", async () => {
  assert.ok(!ids(await declare({})).some((id) => id.startsWith("ReplicationSlot") || id.startsWith("Connector")));
});

test("keeps processed events twice as long as the topics keep events", async () => {
  const [inputs] = (await declare({ yaml: [oneAggregate] })).flatMap((each) =>
    each.noun === "ProcessedEvents" ? [each.inputs] : [],
  );
  assert.deepEqual(inputs?.retention, lasting("28 days"));
});

test("gives the same declarations for the same description", async () => {
  assert.deepEqual(await declare(log), await declare(log));
});

test("the declarations of ecommerce match the golden file", async () => {
  const { application, base } = await loadApplication(join(root, "sql", "ecommerce"));
  const declarations = dataPlane(application, base, settings, onlyCoordinator);
  const shown = declarations.map((each) => ({ [`${each.noun}/${each.name}`]: reviewed(each), after: each.after }));
  matchesGolden(join(root, "test", "golden", "ecommerce", "declarations.yaml"), stringify(shown, { lineWidth: 120 }));
});

/** Without what other golden files show: the text of the SQL, and the connectors' configuration. */
function reviewed({ noun, inputs }: Declaration): object {
  if (noun === "Connector") return { connector: inputs.connector };
  if (noun !== "Migration") return toWire(noun, inputs);
  const { path, transaction, schema, apply } = inputs;
  return { path, transaction, schema, apply };
}

test("declares the shards of isolated tenants after the connectors and before the shard rebalance", async () => {
  const tenants = ["0193F7A0-0000-7000-8000-00000000000A"];
  const node = { name: "worker_1", host: "w", port: 5432 };
  const application = await parseShop({ yaml: [oneAggregate] });
  const declared = dataPlane(application, [], { ...settings, isolatedTenants: tenants }, [node]);
  assert.deepEqual(ids(declared).slice(-3), [
    "Connector/shop-outbox-worker-1",
    "TenantShard/0193f7a0-0000-7000-8000-00000000000a",
    "ShardRebalance/shop",
  ]);
  assert.throws(
    () => dataPlane(application, [], { ...settings, isolatedTenants: ["acme"] }, [node]),
    /no tenant's value/,
  );
});
