import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { processOnce, type TenantClient, TenantContextError, withTenant } from "../../client";
import { clientTenants } from "./client-tenants";
import { skip } from "./servers";

test("processOnce on a real server", { skip }, async (t) => {
  const { acme, pool, two, asAcme } = await clientTenants(t);

  await t.test("processes an event once for each consumer", async () => {
    const eventId = randomUUID();
    const deliver = (consumer: string) =>
      asAcme((client) => processOnce(client, { consumer, eventId }, async () => "done"));
    assert.deepEqual(await deliver("mail"), { processed: true, value: "done" });
    assert.deepEqual(await deliver("mail"), { processed: false });
    assert.deepEqual(await deliver("search"), { processed: true, value: "done" });
  });

  await t.test(
    "processes an event once if it is delivered twice at the same time: the second delivery waits for the first",
    async () => {
      const eventId = randomUUID();
      let runs = 0;
      const deliver = () =>
        withTenant(two, acme, (client) =>
          processOnce(client, { consumer: "mail", eventId }, async () => {
            runs += 1;
            await client.query("SELECT pg_sleep(0.1)");
          }),
        );
      const [one, other] = await Promise.all([deliver(), deliver()]);
      assert.deepEqual([one.processed, other.processed].sort(), [false, true]);
      assert.equal(runs, 1);
    },
  );

  await t.test("processes an event again after its work failed", async () => {
    const delivery = { consumer: "mail", eventId: randomUUID() };
    const failing = asAcme((client) => processOnce(client, delivery, async () => Promise.reject(new Error("down"))));
    await assert.rejects(failing, /^Error: down$/);
    const again = await asAcme((client) => processOnce(client, delivery, async () => "done"));
    assert.deepEqual(again, { processed: true, value: "done" });
  });

  await t.test("does not record an event without its work, even if the work's error is caught", async () => {
    const delivery = { consumer: "mail", eventId: randomUUID() };
    const swallowing = asAcme(async (client) => {
      await processOnce(client, delivery, async () => Promise.reject(new Error("down"))).catch(() => {});
    });
    await assert.rejects(swallowing, /^Error: down$/);
    const again = await asAcme((client) => processOnce(client, delivery, async () => "done"));
    assert.deepEqual(again, { processed: true, value: "done" });
  });

  await t.test("rejects `processOnce` outside a transaction", async () => {
    const client = { tenant: acme, query: pool.query } as TenantClient;
    const delivery = { consumer: "mail", eventId: randomUUID() };
    await assert.rejects(
      processOnce(client, delivery, async () => {}),
      TenantContextError,
    );
  });
});
