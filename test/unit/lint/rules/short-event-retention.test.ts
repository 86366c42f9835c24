import assert from "node:assert/strict";
import test from "node:test";
import { shortEventRetention } from "../../../../lint/rules/short-event-retention";
import { fixes, found } from "../shop-with";

const bad = `tenant: { table: tenants }
tables: { customers: { tenant: true } }
events: { retention: 2 hours }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(shortEventRetention, bad, { in: "yaml" }), [
    "3 Events are kept 2 hours: less than a connector may lag (1 day)",
  ]);
  assert.match((await fixes(shortEventRetention, bad, { in: "yaml" })).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      shortEventRetention,
      `tenant: { table: tenants }
tables: { customers: { tenant: true } }
events: { retention: 3 days }`,
      { in: "yaml" },
    ),
    [],
  );
});
