import assert from "node:assert/strict";
import test from "node:test";
import { Client } from "pg";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { distributedTable } from "../../provider/resources/distributed-table";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { type DataPlaneDatabase, dataPlaneDatabase } from "./data-plane-database";
import { skip } from "./servers";

const visits = { schema: "ecommerce", table: "visits", column: "tenant_id" } as const;

async function withVisits(t: test.TestContext): Promise<DataPlaneDatabase> {
  const database = await dataPlaneDatabase();
  t.after(() => database.close());
  const { admin, context, endpoint } = database;
  await admin.query(
    `CREATE TABLE ecommerce.visits (tenant_id uuid, day date, PRIMARY KEY (tenant_id, day)) PARTITION BY RANGE (day)`,
  );
  await admin.query(
    `CREATE TABLE ecommerce.visits_2026 PARTITION OF ecommerce.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
  );
  if (endpoint.nodes.length > 1) {
    // This places the shards on the node that has the event trigger.
    await admin.query(
      "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', true) FROM pg_dist_node WHERE groupid = 0",
    );
  }
  await distributedTable.create(context, {
    ...visits,
    placement: { colocateWith: "ecommerce.tenants" },
    foreignKeys: [],
  });
  await tenantIsolation.create(context, { ...visits, type: "uuid", grants: { ecommerce_app: ["SELECT"] } });
  return database;
}

/** Tables and shards on the database's node without forced row level security or without a policy. */
const openSql = `SELECT relname FROM pg_class WHERE relname ~ '^visits' AND (relkind = 'p' OR relispartition AND relkind = 'r')
  AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)) ORDER BY 1`;

/** Citus itself rejects the statement of a session with such a name, so no partition is created. */
function refusedByCitus(error: Error): void {
  assert.match(error.message, /cannot execute a distributed query from a query on a shard/);
}

test("isolates partitions created by a session whose name looks like one of Citus' own", { skip }, async (t) => {
  const { admin, endpoint } = await withVisits(t);
  for (const [index, name] of [
    "citus_rebalancer gpid=1",
    "citus_internal gpid=10000000001",
    "citus_run_command gpid=1",
    "citus_",
  ].entries()) {
    const client = new Client({ ...clientConfig(endpoint), application_name: name });
    await client.connect();
    const year = 2030 + index;
    await client
      .query(
        `CREATE TABLE ecommerce.visits_${year} PARTITION OF ecommerce.visits FOR VALUES FROM ('${year}-01-01') TO ('${year + 1}-01-01')`,
      )
      .catch(refusedByCitus);
    await client.end();
    assert.deepEqual((await admin.query(openSql)).rows, [], name);
  }
});

test("isolates partitions of any name, created by a session of any name", { skip }, async (t) => {
  const { admin } = await withVisits(t);
  await admin.query("SET application_name = 'citus_internal gpid=10000000001'");
  await admin.query("CREATE TABLE ecommerce.visits_2031_102008 (LIKE ecommerce.visits INCLUDING ALL)");
  await admin
    .query(
      "ALTER TABLE ecommerce.visits ATTACH PARTITION ecommerce.visits_2031_102008 FOR VALUES FROM ('2031-01-01') TO ('2032-01-01')",
    )
    .catch(refusedByCitus);
  await admin.query("RESET application_name");
  assert.deepEqual((await admin.query(openSql)).rows, []);
});

test("isolates shards on every node, and lets them move", { skip }, async (t) => {
  const { admin, endpoint, onEachNode } = await withVisits(t);
  if (endpoint.nodes.length < 2) return t.skip("needs Citus");
  await admin.query(
    "CREATE TABLE ecommerce.visits_2030 PARTITION OF ecommerce.visits FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
  );
  await admin.query(`INSERT INTO ecommerce.tenants SELECT gen_random_uuid() FROM generate_series(1, 20)`);
  await admin.query(`INSERT INTO ecommerce.visits SELECT tenant_id, '2030-05-05' FROM ecommerce.tenants`);
  // Moves all shards to the node that has the event trigger, one group after another, and back.
  const placement = (
    from: string,
    to: string,
  ) => `SELECT citus_move_shard_placement(min(shardid), f.nodename, f.nodeport, t.nodename, t.nodeport, 'block_writes')
    FROM citus_shards JOIN pg_dist_node f USING (nodename, nodeport), pg_dist_node t
    WHERE table_name = 'ecommerce.visits'::regclass AND f.groupid ${from} AND t.groupid ${to} GROUP BY f.nodename, f.nodeport, t.nodename, t.nodeport`;
  await admin.query(placement("<> 0", "= 0"));
  await admin.query(placement("= 0", "= (SELECT min(groupid) FROM pg_dist_node WHERE groupid > 0)"));
  const wrong = `DO $$ BEGIN IF EXISTS (${openSql}) THEN RAISE EXCEPTION 'open: %', (SELECT string_agg(relname, ',') FROM (${openSql}) o); END IF; END $$`;
  await onEachNode("SET citus.override_table_visibility = off", []);
  await onEachNode(wrong, []);
  const { rows } = await admin.query("SELECT count(*)::int AS n FROM ecommerce.visits");
  assert.deepEqual(rows, [{ n: 20 }]);
});
