import assert from "node:assert/strict";
import test from "node:test";
import { makeChangeable } from "../../lifecycle/warm/conversion";
import { readColumnar } from "../../lifecycle/warm/warm-partition";
import { skip } from "./servers";
import { acme, globex, type WarmTables, warmTables } from "./warm-tables";

interface Found {
  readonly name: string;
  readonly method: string;
  readonly isolated: boolean;
  readonly owner: string;
  readonly foreignKeys: number;
}

async function partition({ admin }: WarmTables, name = "orders_p1"): Promise<Found | undefined> {
  const { rows } = await admin.query<Found>(
    `SELECT relname AS name, amname AS method, relrowsecurity AND relforcerowsecurity
       AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'tenant_isolation') AS isolated,
       pg_get_userbyid(relowner) AS owner,
       (SELECT count(*)::int FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f') AS "foreignKeys"
     FROM pg_class c JOIN pg_am ON pg_am.oid = relam WHERE c.oid = to_regclass($1)`,
    [`ecommerce.${name}`],
  );
  return rows[0];
}

const checksum = async ({ admin }: WarmTables) =>
  (
    await admin.query(
      "SELECT count(*)::int AS rows, sum(hashtextextended(o::text, 0)::numeric)::text AS sum FROM ecommerce.orders o",
    )
  ).rows[0];

/** Runs a statement as a role and tenant, and returns its rows. */
async function as(tables: WarmTables, role: string, tenant: string, sql: string, values: readonly unknown[] = []) {
  const client = await tables.asRole(role);
  await client.query("BEGIN");
  try {
    await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
    const result = await client.query(sql, [...values]);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

const hasCitus = async ({ context }: WarmTables) => (await context.database.facts).citus !== undefined;

test("warm partitions of heap", { skip }, async (t) => {
  const tables = await warmTables(t, { foreignKey: true });
  const before = { sum: await checksum(tables), partition: await partition(tables) };
  const first = await tables.convert();

  await t.test("are smaller, with the same rows, and no other partition is converted", async () => {
    assert.deepEqual(first.problems, []);
    assert.deepEqual(
      first.converted.map(({ partition, form, rows }) => [partition.table, form, rows]),
      [
        ["orders_p1", "heap", 4001],
        ["orders_p2", "heap", 0],
        ["orders_p3", "heap", 0],
      ],
    );
    const [january] = first.converted;
    assert.ok(january && january.bytesAfter < 0.8 * january.bytesBefore, JSON.stringify(january));
    assert.deepEqual(await checksum(tables), before.sum);
  });

  await t.test("keep isolation, owner, method and foreign keys", async () => {
    assert.deepEqual(await partition(tables), before.partition);
    assert.equal(before.partition?.foreignKeys, 1);
    const { rows } = await as(tables, "agent", acme, "SELECT DISTINCT tenant_id FROM ecommerce.orders");
    assert.deepEqual(rows, [{ tenant_id: acme }]);
    await assert.rejects(as(tables, "agent", acme, "SELECT FROM ecommerce.orders_p1"), /permission denied/);
    await assert.rejects(
      as(
        tables,
        "app",
        acme,
        "INSERT INTO ecommerce.orders (tenant_id, placed_at, customer_id) VALUES ($1, '2025-01-05Z', gen_random_uuid())",
        [acme],
      ),
      /orders_customer_fkey/,
    );
  });

  await t.test("take late rows, updates and deletes", async () => {
    const insert = "INSERT INTO ecommerce.orders (tenant_id, placed_at) VALUES ($1, '2025-01-05Z')";
    assert.equal((await as(tables, "app", acme, insert, [acme])).rowCount, 1);
    await assert.rejects(as(tables, "app", acme, insert, [globex]), /row-level security/);
    const change = await as(
      tables,
      "app",
      acme,
      "UPDATE ecommerce.orders SET note = 'late' WHERE tenant_id = $1 AND status = 'placed'",
      [acme],
    );
    assert.equal(change.rowCount, 1);
    assert.equal(
      (await as(tables, "app", acme, "DELETE FROM ecommerce.orders WHERE tenant_id = $1 AND note = 'late'", [acme]))
        .rowCount,
      1,
    );
  });

  await t.test("can be made anew with another number of shards", async () => {
    if (!(await hasCitus(tables))) return;
    await tables.admin.query(
      "SELECT alter_distributed_table('ecommerce.tenants', shard_count => 2, cascade_to_colocated => true)",
    );
    assert.deepEqual(await checksum(tables), before.sum);
  });

  await t.test("are converted once", async () => {
    assert.deepEqual(await tables.convert(), { converted: [], problems: [] });
  });

  await t.test("are converted again where another partition has taken the place", async () => {
    await tables.admin.query("DROP TABLE ecommerce.orders_p2");
    await tables.admin.query(
      "CREATE TABLE ecommerce.orders_two PARTITION OF ecommerce.orders FOR VALUES FROM ('2025-02-01Z') TO ('2025-03-01Z')",
    );
    const { converted } = await tables.convert();
    assert.deepEqual(
      converted.map(({ partition }) => partition.table),
      ["orders_two"],
    );
  });
});

test("a conversion that a kill ended before VACUUM is finished by the next run", { skip }, async (t) => {
  const tables = await warmTables(t);
  await tables.convert();
  await tables.admin.query(
    "UPDATE tenantry.warm_partition SET vacuumed_at = NULL, bytes_after = NULL WHERE partition_name = 'orders_p1'",
  );
  const node = async () =>
    (await tables.admin.query("SELECT pg_relation_filenode('ecommerce.orders_p1') AS node")).rows[0]?.node;
  const before = await node();
  const { converted } = await tables.convert();
  assert.deepEqual(
    converted.map(({ partition }) => partition.table),
    ["orders_p1"],
  );
  assert.equal(await node(), before);
});

test("a partition in use stops no other, and is reported", { skip }, async (t) => {
  const tables = await warmTables(t);
  const writer = await tables.connect(tables.endpoint);
  await writer.query("BEGIN");
  await writer.query("LOCK TABLE ecommerce.orders_p1 IN ROW EXCLUSIVE MODE");
  const { converted, problems } = await tables.convert();
  await writer.query("ROLLBACK");
  assert.deepEqual(
    converted.map(({ partition }) => partition.table),
    ["orders_p2", "orders_p3"],
  );
  assert.match(problems[0]?.what ?? "", /^The partition ecommerce.orders_p1 was in use, so it was not made compact$/);
  assert.equal((await tables.convert()).converted.length, 1);
});

test("leaves closed partitions alone, because they are on their way to the store", { skip }, async (t) => {
  const tables = await warmTables(t);
  await tables.admin.query(
    "ALTER TABLE ecommerce.orders_p1 ADD CONSTRAINT partition_is_closed CHECK (false) NOT VALID",
  );
  const { converted } = await tables.convert();
  assert.deepEqual(
    converted.map(({ partition }) => partition.table),
    ["orders_p2", "orders_p3"],
  );
});

test("rejects a tablespace that does not exist, or that Citus can't use", { skip }, async (t) => {
  const tables = await warmTables(t);
  const { converted, problems } = await tables.convert({ tablespace: "archive" });
  assert.deepEqual(converted, []);
  assert.equal(problems.length, 1);
  assert.match(
    problems[0]?.what ?? "",
    (await hasCitus(tables)) ? /Citus doesn't move shards/ : /There is no tablespace/,
  );
});

test("warm partitions of columns", { skip }, async (t) => {
  const tables = await warmTables(t);
  if (!(await hasCitus(tables))) {
    await t.test("become heap where the server has no columnar tables, and say so", async () => {
      const { converted } = await tables.convert("columnar");
      assert.equal(converted[0]?.form, "heap");
      assert.match(tables.told[0] ?? "", /no columnar tables/);
    });
    return;
  }
  const before = await checksum(tables);

  await t.test("are smaller than heap, with the same rows, isolated", async () => {
    const heap = (await tables.convert()).converted[0]?.bytesAfter ?? 0;
    const { converted, problems } = await tables.convert("columnar");
    assert.deepEqual(problems, []);
    assert.ok((converted[0]?.bytesAfter ?? 0) < heap);
    assert.deepEqual(await checksum(tables), before);
    assert.deepEqual([(await partition(tables))?.method, (await partition(tables))?.isolated], ["columnar", true]);
    const { rows } = await as(tables, "agent", acme, "SELECT DISTINCT tenant_id FROM ecommerce.orders");
    assert.deepEqual(rows, [{ tenant_id: acme }]);
  });

  await t.test("take late inserts, and no updates", async () => {
    const insert = "INSERT INTO ecommerce.orders (tenant_id, placed_at) VALUES ($1, '2025-01-05Z')";
    assert.equal((await as(tables, "app", acme, insert, [acme])).rowCount, 1);
    await assert.rejects(as(tables, "app", acme, insert, [globex]), /row-level security/);
    await assert.rejects(
      as(tables, "app", acme, "DELETE FROM ecommerce.orders WHERE tenant_id = $1 AND placed_at = '2025-01-05Z'", [
        acme,
      ]),
      /not supported for Columnar/,
    );
  });

  await t.test("become heap again when they are to be changed, or are hot again", async () => {
    const columnar = await readColumnar(tables.admin, { schema: "ecommerce", table: "orders" });
    assert.deepEqual(
      columnar.map(({ table }) => table),
      ["orders_p1", "orders_p2", "orders_p3"],
    );
    await makeChangeable(tables.admin, { schema: "ecommerce", table: "orders_p1" });
    assert.equal((await partition(tables))?.method, "heap");
    await tables.convert("columnar");
    assert.equal((await partition(tables))?.method, "columnar");
    const { converted, problems } = await tables.convert("columnar", { database: { count: 1, unit: "year" } });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      converted.map(({ form }) => form),
      ["heap", "heap", "heap"],
    );
    assert.equal((await partition(tables))?.method, "heap");
  });

  await t.test("are refused for a table in a publication, or with a foreign key", async () => {
    await tables.admin.query(
      "CREATE PUBLICATION others FOR TABLE ecommerce.orders WITH (publish_via_partition_root = true)",
    );
    const published = await tables.convert("columnar");
    assert.deepEqual([published.converted, published.problems.length], [[], 1]);
    assert.match(published.problems[0]?.what ?? "", /logical decoding reads no columnar table/);
    await tables.admin.query("DROP PUBLICATION others");
    const other = await warmTables(t, { foreignKey: true });
    const { problems } = await other.convert("columnar");
    assert.match(problems[0]?.what ?? "", /can't check a foreign key/);
  });
});
