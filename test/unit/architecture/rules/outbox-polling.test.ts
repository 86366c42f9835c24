import assert from "node:assert/strict";
import test from "node:test";
import { outboxPolling } from "../../../../architecture/rules/outbox-polling";
import { fixes, found } from "./shop-with";

const bad = `SELECT * FROM tenantry.outbox ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED;
SELECT cron.schedule('publish', '* * * * *', 'SELECT publish_outbox()');`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(outboxPolling, bad), [
    "1 This polls the outbox: load without events, delay with them",
    "2 This polls the outbox: load without events, delay with them",
  ]);
  assert.match((await fixes(outboxPolling, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(outboxPolling, `SELECT tenantry.emit($1, 'order', $2, 'placed', '{}');`), []);
});
