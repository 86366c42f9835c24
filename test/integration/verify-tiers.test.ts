import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { openStore } from "../../store/open-store";
import { tiers } from "../../verify/checks/tiers";
import { namesEach } from "./breakage";
import { skip } from "./servers";
import { amiss, verifiedShop } from "./verified-shop";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const tenants = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"];
const period = "cold/ecommerce.orders/period=2023-01-01T00:00:00Z";
const keyOf = (tenant: string) => `${period}/tenant_id=${tenant}/part-00000.parquet`;

test("tenantry verify names rows that are not where their tier says", { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-tiers-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const settings = { folder, prefix: "ecommerce/dev" };
  const store = await openStore(settings);
  const shop = await verifiedShop(t, { store: settings });
  const at = (key: string) => join(folder, settings.prefix, key);
  const look = async () => (await shop.look([tiers], { store })).filter(({ outcome }) => outcome !== "pass");
  const setup = [
    `INSERT INTO tenantry.aged_partition (schema_name, table_name, starts_at, ends_at, partition_name, step, rows,
       manifest_key, manifest_sha256)
     VALUES ('ecommerce', 'orders', '2023-01-01Z', '2023-02-01Z', 'orders_p20230101', 'dropped', 20,
       '${period}/manifest.json', '${sha256("the manifest")}')`,
    ...tenants.map(
      (
        tenant,
      ) => `INSERT INTO tenantry.cold_file (key, schema_name, table_name, tenant, starts_at, ends_at, part, rows, bytes, sha256,
         row_checksum, columns, verified_at)
       VALUES ('${keyOf(tenant)}', 'ecommerce', 'orders', '${tenant}', '2023-01-01Z', '2023-02-01Z', 0, 10, 9, '${sha256("some rows")}',
         0, '[]', now())`,
    ),
  ];
  await shop.run(setup);
  await store.put(`${period}/manifest.json`, Buffer.from("the manifest"));
  for (const tenant of tenants) await store.put(keyOf(tenant), Buffer.from("some rows"));

  await t.test("passes where the catalog and the store agree", async () => {
    const found = await shop.look([tiers], { store });
    assert.deepEqual(amiss(found), []);
    const orders = found.find(({ subject }) => subject === "ecommerce.orders");
    assert.match(orders?.seen ?? "", /\d+ partitions in the database; 20 cold rows of 1 periods in the store/);
    assert.match(found.at(-1)?.seen ?? "", /2 files and 1 manifests, as the catalog has them/);
  });

  const orders = { check: tiers, subject: "ecommerce.orders" };
  const change = (table: string, set: string, back: string, where = "true") => ({
    sql: `UPDATE tenantry.${table} SET ${set} WHERE ${where}`,
    undo: `UPDATE tenantry.${table} SET ${back} WHERE ${where}`,
  });
  await namesEach(
    t,
    { ...shop, look: (checks) => shop.look(checks, { store }) },
    [
      {
        ...orders,
        what: "a partition that should have moved",
        sql: "CREATE TABLE ecommerce.orders_old PARTITION OF ecommerce.orders FOR VALUES FROM ('2022-01-01Z') TO ('2022-02-01Z')",
        undo: "DROP TABLE ecommerce.orders_old",
        seen: /ecommerce\.orders_old should have left the database at 2023-02-01 00:00 UTC/,
      },
      {
        ...orders,
        what: "an export that failed",
        ...change("aged_partition", "error = 'the bucket is full'", "error = NULL"),
        seen: /the last run failed for orders_p20230101: the bucket is full/,
      },
      {
        ...orders,
        what: "rows that are in no file",
        ...change("aged_partition", "rows = 21", "rows = 20"),
        seen: /the files of the period from 2023-01-01 hold 20 rows, and 21 left the database/,
      },
      {
        ...orders,
        what: "files that nobody read back",
        ...change("cold_file", "verified_at = NULL", "verified_at = now()", `tenant = '${tenants[0]}'`),
        seen: /1 files of the period from 2023-01-01 were never read back/,
      },
      {
        ...orders,
        what: "files that are older than the last tier",
        ...change("cold_file", "ends_at = '2001-01-01Z'", "ends_at = '2023-02-01Z'"),
        seen: /2 files are older than the tier cold, and still in the store/,
      },
      {
        ...orders,
        what: "a set that no run looks at",
        sql: "UPDATE tenantry.exported_partition_set SET parent = 'ecommerce.tenants'::regclass WHERE parent = 'ecommerce.orders'::regclass",
        undo: "UPDATE tenantry.exported_partition_set SET parent = 'ecommerce.orders'::regclass WHERE parent = 'ecommerce.tenants'::regclass",
        seen: /no run moves its rows/,
      },
    ],
    [tiers],
  );

  await t.test("accepts old files of a tenant under a legal hold", async (held) => {
    held.after(() =>
      shop.run(["UPDATE tenantry.cold_file SET ends_at = '2023-02-01Z'", "DELETE FROM tenantry.legal_hold"]),
    );
    await shop.run([
      "UPDATE tenantry.cold_file SET ends_at = '2001-01-01Z'",
      ...tenants.map(
        (tenant) => `INSERT INTO tenantry.legal_hold (tenant, reason, held_by) VALUES ('${tenant}', 'a lawsuit', 'us')`,
      ),
    ]);
    assert.deepEqual(await look(), []);
  });

  const [first = "", second = ""] = tenants.map(keyOf);
  for (const { what, breaks, mends, seen, outcome = "fail" } of [
    {
      what: "a file that is missing",
      breaks: () => rmSync(at(first)),
      mends: () => store.put(first, Buffer.from("some rows")),
      seen: /tenant_id=00000000-0000-0000-0000-00000000000a\/part-00000\.parquet is missing/,
    },
    {
      what: "a file that was truncated",
      breaks: () => truncateSync(at(second), 4),
      mends: () => store.put(second, Buffer.from("some rows")),
      seen: /part-00000\.parquet has 4 bytes, and was written with 9/,
    },
    {
      what: "a file with other bytes",
      breaks: () => writeFileSync(at(first), "some raws"),
      mends: () => store.put(first, Buffer.from("some rows")),
      seen: /part-00000\.parquet has other bytes than were written: SHA-256 [0-9a-f]{64}, expected/,
    },
    {
      what: "a manifest that was tampered with",
      breaks: () => writeFileSync(at(`${period}/manifest.json`), "another"),
      mends: () => store.put(`${period}/manifest.json`, Buffer.from("the manifest")),
      seen: /manifest\.json has other bytes than were written/,
    },
    {
      what: "a manifest that is missing",
      breaks: () => rmSync(at(`${period}/manifest.json`)),
      mends: () => store.put(`${period}/manifest.json`, Buffer.from("the manifest")),
      seen: /manifest\.json is missing/,
    },
    {
      what: "a file that the catalog does not know",
      breaks: () => {
        writeFileSync(at(`${period}/stray.parquet`), "");
        utimesSync(at(`${period}/stray.parquet`), new Date(0), new Date(0));
      },
      mends: () => rmSync(at(`${period}/stray.parquet`)),
      seen: /the catalog does not know cold\/ecommerce\.orders\/.*stray\.parquet/,
      outcome: "warn",
    },
    {
      what: "a store that is gone",
      breaks: () => renameSync(folder, `${folder}.gone`),
      mends: () => renameSync(`${folder}.gone`, folder),
      seen: /./,
    },
  ] as const) {
    await t.test(`names ${what}`, async (broken) => {
      broken.after(mends);
      await breaks();
      const [finding, ...others] = await look();
      assert.deepEqual(others, []);
      assert.equal(finding?.subject, store.url);
      assert.equal(finding?.outcome, outcome);
      assert.match(finding?.seen ?? "", seen);
    });
  }

  await t.test("says nothing of a file that was uploaded just now", async () => {
    writeFileSync(at(`${period}/fresh.parquet`), "");
    assert.deepEqual(await look(), []);
    rmSync(at(`${period}/fresh.parquet`));
  });

  await t.test("fails where rows move and the stack file has no store", async () => {
    const found = amiss(await shop.look([tiers]));
    assert.deepEqual(
      found.map(({ subject, seen }) => [subject, seen]),
      [["store", "is not in the stack file, and rows move to one"]],
    );
  });
});

test("tenantry verify warns of tiers in a stack without a store", { skip }, async (t) => {
  const shop = await verifiedShop(t);
  const found = await shop.look([tiers]);
  assert.deepEqual(
    found.map(({ outcome, subject }) => [outcome, subject]),
    ["ecommerce.orders", "ecommerce.order_items", "ecommerce.payments"].map((table) => ["warn", table]),
  );
  assert.match(found[0]?.seen ?? "", /the stack has no store: rows stay in the database until they are 7 years old/);
});
