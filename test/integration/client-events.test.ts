import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { emit, PayloadTooLargeError, type TenantClient } from "../../client";
import { clientTenants, note, notes, placed } from "./client-tenants";
import { skip } from "./servers";

test("emit on a real server", { skip }, async (t) => {
  const { database, acme, globex, pool, asAcme } = await clientTenants(t);

  await t.test("stores an event with the returned id when its transaction commits", async () => {
    const payload = { name: "Zoë 🛒", lines: [1, "x", { total: "12.50" }] };
    const id = await asAcme((client) => emit(client, { ...placed, payload }));
    assert.deepEqual(await database.events(acme), [{ id, type: "OrderPlaced", aggregate_id: "o-1", payload }]);
    assert.deepEqual(await database.events(globex), []);
  });

  await t.test("rejects `emit` outside a transaction", async () => {
    await assert.rejects(emit({ tenant: acme, query: pool.query } as TenantClient, { ...placed, payload: {} }), {
      name: "TenantContextError",
      message: /emit needs the client that withTenant gives/,
    });
  });

  await t.test("rejects a payload that JSON can't represent", async () => {
    await assert.rejects(
      asAcme((client) => emit(client, { ...placed, payload: undefined })),
      TypeError,
    );
  });

  await t.test("rejects a payload above the limit with the limit and the fix, and commits nothing", async () => {
    const failing = asAcme(async (client) => {
      await note(client, "with too much");
      await emit(client, { ...placed, payload: { content: randomText(20_000) } });
    });
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof PayloadTooLargeError, String(error));
      assert.match(error.message, /claim check/);
      assert.match(error.message, /8192|8 KiB|8 kB/);
      assert.match(error.message, /20014 bytes/);
      return true;
    });
    assert.deepEqual(await asAcme(notes), []);
  });

  await t.test("passes other errors of the outbox as PostgreSQL reports them", async () => {
    const failing = asAcme((client) => emit(client, { ...placed, aggregateType: "no topic's name", payload: {} }));
    await assert.rejects(failing, { code: "23514", message: /aggregate_type/ });
  });
});

/** Text that does not compress, because the limit may apply to the stored size. */
function randomText(length: number): string {
  return Array.from({ length: Math.ceil(length / 32) }, () => randomUUID().replaceAll("-", ""))
    .join("")
    .slice(0, length);
}
