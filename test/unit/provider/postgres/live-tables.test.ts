import assert from "node:assert/strict";
import test from "node:test";
import type { Client } from "pg";
import { deleteTable } from "../../../../provider/postgres/live-tables";
import type { Context } from "../../../../provider/protocol/resource-context";

const orders = { schema: "shop", table: "orders" };

/** The statements and messages for these opt-ins. */
async function deleting(...allow: string[]): Promise<string[]> {
  const seen: string[] = [];
  const client = { query: async (sql: string) => seen.push(sql) } as unknown as Client;
  const context = {
    database: {
      query: async () => [{ oid: "1", partitioned: false }],
      transaction: (work: (client: Client) => Promise<unknown>) => work(client),
    },
    allow: new Set(allow),
    log: (message: string) => seen.push(message),
    warn: (message: string) => seen.push(message),
  };
  await deleteTable(context as unknown as Context, orders);
  return seen;
}

test("keeps a table with its rows without the opt-in", async () => {
  assert.match((await deleting()).join(), /^shop\.orders stays in the database .*add `drop shop\.orders`/);
  assert.deepEqual(await deleting("drop shop.orders"), [
    'DROP TABLE IF EXISTS "shop"."orders"',
    "dropped shop.orders with its rows",
  ]);
});

test("leaves a table to its schema's opt-in, and still drops it by its own", async () => {
  assert.deepEqual(await deleting("drop shop"), ["shop.orders is left to its schema, which may be dropped"]);
  assert.equal((await deleting("drop shop", "drop shop.orders")).at(-1), "dropped shop.orders with its rows");
});
