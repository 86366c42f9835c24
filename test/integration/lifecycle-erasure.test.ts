import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Erasure, erase, planErasure } from "../../lifecycle/erasure/erase";
import type { ErasureScope } from "../../lifecycle/erasure/receipt";
import { outbox } from "../../provider/resources/outbox";
import { processedEvents } from "../../provider/resources/processed-events";
import { lasting } from "../unit/lasting";
import { type AgingDatabase, agingDatabase, withoutFailures } from "./aging";
import { skip } from "./servers";

const [mine = "", other = ""] = [randomUUID(), randomUUID()];
const [person = "", neighbour = ""] = [randomUUID(), randomUUID()];

/** Two tenants with rows in every tier: two people's notes in each of three months, the first of which is cold, and events. */
async function withTiers(t: TestContext): Promise<AgingDatabase> {
  const aging = await agingDatabase(t);
  await aging.addTable("notes", "person uuid, note text");
  for (const create of [outbox, processedEvents] as const) {
    const placed = { column: "tenant_id", type: "uuid", colocateWith: "ecommerce.tenants" } as const;
    if (create === outbox)
      await outbox.create(aging.context, { ...placed, maxPayloadBytes: 8192, publication: "tenantry_outbox" });
    else await processedEvents.create(aging.context, { ...placed, retention: lasting("14 days") });
  }
  await aging.admin.query(
    "CREATE TABLE tenantry.outbox_all PARTITION OF tenantry.outbox FOR VALUES FROM ('2020-01-01') TO ('2040-01-01')",
  );
  for (const tenant of [mine, other]) {
    await aging.admin.query("INSERT INTO ecommerce.tenants VALUES ($1)", [tenant]);
    for (const [i, each] of [person, neighbour].entries()) {
      await aging.admin.query(
        `INSERT INTO ecommerce.notes (tenant_id, at, id, person, note)
         SELECT $1, '2023-01-15'::timestamptz + month * interval '1 month', $2 + n, $3, 'secret' || n FROM generate_series(0, 2) month, generate_series(1, 5) n`,
        [tenant, i * 100, each],
      );
    }
    await aging.admin.query(
      `INSERT INTO tenantry.outbox (tenant_id, created_at, aggregate_type, aggregate_id, type, payload) VALUES ($1, '2026-01-01', 'order', '1', 'OrderPlaced', '{}')`,
      [tenant],
    );
    await aging.admin.query(
      "INSERT INTO tenantry.processed_events (tenant_id, consumer, event_id) VALUES ($1, 'c', gen_random_uuid())",
      [tenant],
    );
    await aging.store.put(`claims/tenant_id=${tenant}/abc`, Buffer.from("claim"));
  }
  withoutFailures(await aging.run({ now: new Date("2024-02-15T00:00:00Z") }));
  return aging;
}

function erasureOf(aging: AgingDatabase, scope: ErasureScope, more: Partial<Erasure> = {}): Erasure {
  return {
    endpoint: aging.endpoint,
    store: aging.store,
    scope,
    schemas: ["ecommerce"],
    tenantColumn: "tenant_id",
    tables: aging.tables,
    by: "test",
    log: () => {},
    ...more,
  };
}

const everything = {
  "ecommerce.notes": { rows: 20 },
  "ecommerce.tenants": { rows: 1 },
  "tenantry.outbox": { rows: 1 },
  "tenantry.processed_events": { rows: 1 },
};

/** Rows and objects of a tenant, wherever they are. */
async function traces({ admin, folder }: AgingDatabase, tenant: string): Promise<{ rows: number; objects: number }> {
  const { rows } = await admin.query<{ rows: number }>(
    `SELECT (SELECT count(*) FROM ecommerce.notes WHERE tenant_id = $1) + (SELECT count(*) FROM tenantry.outbox WHERE tenant_id = $1)
       + (SELECT count(*) FROM tenantry.processed_events WHERE tenant_id = $1) + (SELECT count(*) FROM ecommerce.tenants WHERE tenant_id = $1)
       + (SELECT count(*) FROM tenantry.cold_file WHERE tenant = $1::text) AS rows`,
    [tenant],
  );
  const objects = (await readdir(folder, { recursive: true })).filter(
    (name) => name.includes(tenant) && /\.parquet$|abc$/.test(name),
  );
  return { rows: Number(rows[0]?.rows), objects: objects.length };
}

test("an erasure", { skip }, async (t) => {
  await t.test("counts in a dry run, and then erases a tenant in every tier, with a receipt", async (t) => {
    const aging = await withTiers(t);
    const before = await traces(aging, other);
    const counts = await planErasure(erasureOf(aging, { tenant: mine.toUpperCase() }));
    const { "cold ecommerce.notes": cold, claims, ...rows } = counts;
    assert.deepEqual(rows, everything);
    assert.deepEqual([cold?.rows, cold?.files, claims], [10, 1, { files: 1 }]);
    const receipt = await erase(erasureOf(aging, { tenant: mine }));
    const { "cold ecommerce.notes": erasedCold, claims: erasedClaims, ...erased } = receipt.erased;
    assert.deepEqual([erased, erasedCold, erasedClaims], [everything, cold, claims]);
    assert.ok(receipt.endedAt);
    assert.deepEqual(await traces(aging, mine), { rows: 0, objects: 0 });
    assert.deepEqual(await traces(aging, other), before);
    withoutFailures(await aging.run());
  });

  await t.test("goes on with its receipt where it was stopped", async (t) => {
    const aging = await withTiers(t);
    const places = ["ecommerce.notes", "ecommerce.tenants", "tenantry.outbox", "cold"];
    for (const place of places) {
      const beforePlace = async (each: string) => {
        if (each === place) throw new Error("stopped");
      };
      await assert.rejects(erase(erasureOf(aging, { tenant: mine }, { beforePlace })), /stopped/);
    }
    const { erased } = await erase(erasureOf(aging, { tenant: mine }));
    const { "cold ecommerce.notes": cold, claims: _, ...rows } = erased;
    assert.deepEqual([rows, cold?.rows], [everything, 10]);
    const { rows: receipts } = await aging.admin.query("SELECT ended_at IS NOT NULL AS ended FROM tenantry.erasure");
    assert.deepEqual(receipts, [{ ended: true }]);
  });

  await t.test("erases a person inside a tenant: files are written anew without its rows", async (t) => {
    const aging = await withTiers(t);
    const scope = { tenant: mine, person: [{ column: "person", value: person }] };
    const counts = await planErasure(erasureOf(aging, scope));
    assert.deepEqual([counts["ecommerce.notes"], counts["cold ecommerce.notes"]?.rows], [{ rows: 10 }, 5]);
    const receipt = await erase(erasureOf(aging, scope));
    assert.deepEqual(
      [receipt.erased["ecommerce.notes"], receipt.erased["cold ecommerce.notes"]?.rows],
      [{ rows: 10 }, 5],
    );
    const { rows } = await aging.admin.query(
      "SELECT rows::int AS rows, verified_at IS NOT NULL AS verified FROM tenantry.cold_file WHERE tenant = $1",
      [mine],
    );
    assert.deepEqual(rows, [{ rows: 5, verified: true }]);
    const { rows: left } = await aging.admin.query("SELECT DISTINCT person FROM ecommerce.notes WHERE tenant_id = $1", [
      mine,
    ]);
    assert.deepEqual(left, [{ person: neighbour }]);
    const files = (await readdir(join(aging.folder, "cold"), { recursive: true })).filter(
      (name) => name.includes(mine) && name.endsWith(".parquet"),
    );
    assert.equal(files.length, 1);
    const bytes = await readFile(join(aging.folder, "cold", files[0] ?? ""));
    assert.equal(bytes.includes(Buffer.from(person.replaceAll("-", ""), "hex")), false);
    const { rows: receipts } = await aging.admin.query("SELECT erasure::text AS text FROM tenantry.erasure");
    assert.doesNotMatch(receipts[0].text, new RegExp(person));
    assert.deepEqual(await planErasure(erasureOf(aging, scope)), {});
  });

  await t.test(
    "is refused under legal hold, for unknown columns and values, and without the store of its files",
    async (t) => {
      const aging = await withTiers(t);
      const refused = (scope: ErasureScope, expected: RegExp, more?: Partial<Erasure>) =>
        assert.rejects(erase(erasureOf(aging, scope, more)), expected);
      await refused({ tenant: "nobody" }, /no value of the tenant column/);
      await refused(
        { tenant: mine, person: [{ column: "persn", value: "1" }] },
        /No table with tenants' rows has this column[\s\S]*persn/,
      );
      await refused({ tenant: mine }, /cold files, and the stack has no store/, { store: undefined });
      await aging.admin.query(
        "INSERT INTO tenantry.legal_hold (tenant, reason, held_by) VALUES ($1, 'case 7', 'test')",
        [mine],
      );
      await refused({ tenant: mine }, /under legal hold[\s\S]*case 7/);
      await refused({ tenant: mine, person: [{ column: "person", value: person }] }, /under legal hold/);
      assert.equal((await traces(aging, mine)).rows, (await traces(aging, other)).rows);
    },
  );
});
