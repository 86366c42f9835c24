import assert from "node:assert/strict";
import test from "node:test";
import { type ClaimReference, emit, withTenant } from "../../client";
import { collectClaims } from "../../lifecycle/claims/claim-collection";
import { claimFixture } from "./claim-fixture";
import { placed } from "./client-tenants";
import { skip } from "./servers";

test("the collection of orphans on a real server", { skip }, async (t) => {
  const fixture = await claimFixture(t);
  const { database, acme, asAcme, claims, store } = fixture;
  const places = [{ database: database.admin, schema: "tenantry", column: "tenant_id" }];
  const large = { text: "x".repeat(9_000) };
  const transactions = Number(process.env.TENANTRY_ABORTED_TRANSACTIONS ?? 1_000);

  await t.test(`deletes the objects of ${transactions} aborted transactions, and none of committed ones`, async () => {
    const wide = database.pool(4);
    const abort = new Error("the work failed");
    let done = 0;
    const writer = async () => {
      while (done < transactions) {
        done += 1;
        const isKept = done % 100 === 0;
        const work = withTenant(wide, acme, async (client) => {
          await emit(client, { ...placed, payload: large }, { claims });
          if (!isKept) throw abort;
        });
        await work.catch((error: unknown) => assert.equal(error, abort));
      }
    };
    await Promise.all(Array.from({ length: 4 }, writer));
    assert.ok((await fixture.keys()).length >= transactions);
    assert.equal((await collectClaims(store, places)).deleted, 0, "objects of today may belong to open transactions");
    const soon = new Date(Date.now() + 2 * 86_400_000);
    const { deleted, deletedBytes } = await collectClaims(store, places, { now: soon, graceMs: 86_400_000 });
    const payloads = (await fixture.payloads(acme)) as ClaimReference[];
    assert.deepEqual(
      new Set(await fixture.keys()),
      new Set(payloads.map(({ datasha256 }) => `claims/tenant_id=${acme}/${datasha256}`)),
    );
    assert.ok(deleted >= transactions * 0.98 && deletedBytes > deleted * 9_000);
    for (const payload of payloads) assert.deepEqual(await asAcme((client) => claims.resolve(client, payload)), large);
  });

  await t.test("leaves objects that are younger than the oldest open transaction", async () => {
    const [other, soon] = [await database.pool(1).connect(), new Date(Date.now() + 2 * 86_400_000)];
    await other.query("BEGIN");
    await other.query("SELECT 1");
    const abort = new Error("the work failed");
    const aborted = asAcme(async (client) => {
      await emit(client, { ...placed, payload: large }, { claims });
      throw abort;
    });
    await assert.rejects(aborted, abort);
    const before = (await fixture.keys()).length;
    const collected = await collectClaims(store, places, { now: soon });
    await other.query("ROLLBACK");
    // An open connection would keep the test's end waiting.
    other.release();
    assert.equal(collected.deleted, 0);
    assert.equal((await collectClaims(store, places, { now: soon })).deleted, 1);
    assert.equal((await fixture.keys()).length, before - 1);
  });

  await t.test("deletes objects whose retention has passed, and leaves files that are no claims", async () => {
    await store.put("claims/README", Buffer.from("by hand"));
    await database.admin.query("UPDATE tenantry.claim SET created_at = now() - interval '29 days'");
    const soon = new Date(Date.now() + 2 * 86_400_000);
    const { pruned, deleted } = await collectClaims(store, places, { now: soon });
    assert.ok(pruned > 0 && deleted === pruned);
    assert.deepEqual(await fixture.keys(), ["claims/README"]);
  });
});
