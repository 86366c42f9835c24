import assert from "node:assert/strict";
import test from "node:test";
import { consumers } from "../../../../verify/checks/consumers";
import type { Target } from "../../../../verify/target";

test("skips a tenant without events", async () => {
  const asked: string[] = [];
  const target = {
    admin: {
      query: async (sql: string) => {
        asked.push(sql);
        return { rowCount: 0 };
      },
    },
    application: {
      name: "shop",
      schema: "shop_acme",
      scope: { model: "schema", tenant: { name: "acme", id: "7" }, sharedSchema: "shop" },
      events: { aggregates: [{ topic: "shop.order.events" }] },
    },
  };
  assert.deepEqual(await consumers.run(target as unknown as Target), [
    { outcome: "skip", subject: "acme", seen: "has no event that a consumer could have processed" },
  ]);
  assert.deepEqual(asked, ['SELECT 1 FROM "shop_acme"."outbox" LIMIT 1']);
});
