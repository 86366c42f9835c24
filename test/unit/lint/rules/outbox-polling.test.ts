import assert from "node:assert/strict";
import test from "node:test";
import { outboxPolling } from "../../../../lint/rules/outbox-polling";
import { fixes, found } from "../shop-with";

const bad = `SELECT * FROM tenantry.outbox ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED;
SELECT cron.schedule('publish', '* * * * *', 'SELECT publish_outbox()');`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(outboxPolling, bad), [
    "1 This polls the outbox: it loads the database without events, and delays events",
    "2 This polls the outbox: it loads the database without events, and delays events",
  ]);
  assert.match((await fixes(outboxPolling, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(outboxPolling, `SELECT tenantry.emit($1, 'order', $2, 'placed', '{}');`), []);
});

const select = 'pool.query("SELECT id FROM tenantry.outbox WHERE tenant_id = $1")';
const polling = {
  "an endless loop": `while (true) { await ${select}; }`,
  "a loop with a helper": `for (;;) { await next(); } async function next() { return ${select}; }`,
  "an interval": `setInterval(() => publish(), 1000); const publish = async () => { await ${select}; };`,
  "a timer that a function sets for itself": `async function poll() { await ${select}; setTimeout(poll, 1000); }`,
  "a timer that calls back": `async function poll() { await ${select}; setTimeout(() => poll(), 1000); }`,
  "a loop over a timer": `import { setInterval } from "node:timers/promises"; for await (const _ of setInterval(10)) await ${select};`,
  "node-cron": `import cron from "node-cron"; cron.schedule("* * * * *", () => ${select});`,
  croner: `import { Cron } from "croner"; new Cron("* * * * *", async () => { await ${select}; });`,
};
for (const [name, text] of Object.entries(polling)) {
  test(`reports polling in code: ${name}`, async () => {
    assert.equal((await found(outboxPolling, text, { in: "typescript" })).length, 1);
  });
}

test("reports a SELECT with a lock in code wherever it is, once", async () => {
  const text = `async function next(client) {
  while (true) await client.query(\`SELECT * FROM outbox
    ORDER BY id FOR UPDATE SKIP LOCKED\`);
}`;
  assert.deepEqual(await found(outboxPolling, text, { in: "typescript" }), [
    "2 This polls the outbox: it loads the database without events, and delays events",
  ]);
});

test("accepts reading the outbox once, or once for each of some rows", async () => {
  const text = `async function look(ids) { await ${select}; for (const id of ids) await ${select}; setTimeout(() => other(), 1); }`;
  assert.deepEqual(await found(outboxPolling, text, { in: "typescript" }), []);
});

test("reports a JDBC source connector", async () => {
  const text = "connector.class: io.aiven.connect.jdbc.JdbcSourceConnector";
  assert.deepEqual(await found(outboxPolling, text, { in: "yaml" }), [
    "1 This polls the outbox: it loads the database without events, and delays events",
  ]);
  assert.deepEqual(await found(outboxPolling, text.replace("Source", "Sink"), { in: "yaml" }), []);
});
