import assert from "node:assert/strict";
import test from "node:test";
import { tenantShard } from "../../../../provider/resources/tenant-shard";

const tenant = { schema: "shop", table: "tenants", type: "text", tenant: "o'neill" } as const;

test("shows the split in the preview, with the amount of copied data if the database answers", async () => {
  const lines = tenantShard.preview(undefined, tenant);
  assert.equal(lines[1], `SELECT isolate_tenant_to_new_shard('"shop"."tenants"', 'o''neill'::text, 'CASCADE')`);
  const read = async () => [{ bytes: String(3 * 2 ** 30) }];
  assert.equal(
    (await tenantShard.previewLive?.(read as never, undefined, tenant))?.[0],
    "-- copies a shard group of about 3 GiB",
  );
});

test("splits a tenant that shares its shard again, and only then", () => {
  const diff = (isolated: "yes" | "missing" | "impossible") => tenantShard.diff({ ...tenant, isolated }, tenant);
  assert.deepEqual(diff("missing"), [{ path: "isolated", how: "update" }]);
  assert.deepEqual([diff("yes"), diff("impossible")], [[], []]);
  assert.deepEqual(tenantShard.preview({ ...tenant, isolated: "yes" }, tenant), []);
  assert.deepEqual(tenantShard.preview({ ...tenant, isolated: "yes" }, undefined), []);
});

test("replaces the resource for another tenant", () => {
  const next = { ...tenant, tenant: "else" };
  assert.deepEqual(tenantShard.diff({ ...tenant, isolated: "yes" }, next), [{ path: "tenant", how: "replace" }]);
});

test("an id names the root table and the tenant", async () => {
  await assert.rejects(
    tenantShard.read({ database: { query: async () => [] } } as never, "acme", undefined),
    /no tenant shard's id[\s\S]*SCHEMA\.TABLE\/TENANT/,
  );
});

test("reads a tenant as deleted if its root table is gone, and as `missing` if the table has no shards, without asking for its shard", async () => {
  const asked: string[] = [];
  const withTable = (isThere: boolean) => ({
    facts: Promise.resolve({ citus: "13.2" }),
    query: async (sql: string) => {
      asked.push(sql);
      return isThere && /pg_class/.test(sql) ? [{ oid: "1", partitioned: false }] : [];
    },
  });
  const read = (isThere: boolean) =>
    tenantShard.read({ database: withTable(isThere) } as never, "", { ...tenant, isolated: "yes" });
  assert.equal(await read(false), undefined);
  assert.equal((await read(true))?.isolated, "missing");
  assert.ok(!asked.some((sql) => sql.includes("get_shard_id")));
});
