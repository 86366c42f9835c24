import assert from "node:assert/strict";
import test from "node:test";
import { viewWithoutSecurityInvoker } from "../../../../lint/rules/view-without-security-invoker";
import { fixes, found } from "../shop-with";

const bad = `CREATE VIEW names AS SELECT tenant_id, name FROM customers;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(viewWithoutSecurityInvoker, bad), [
    "1 View `names` shows every tenant's rows of `customers`: it reads with its owner's rights",
  ]);
  assert.match((await fixes(viewWithoutSecurityInvoker, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      viewWithoutSecurityInvoker,
      `CREATE VIEW names WITH (security_invoker = true) AS SELECT tenant_id, name FROM customers;`,
    ),
    [],
  );
});

test("reports a materialized view, which copies rows past the policies", async () => {
  assert.deepEqual(await found(viewWithoutSecurityInvoker, `CREATE MATERIALIZED VIEW m AS SELECT * FROM customers;`), [
    "1 View `m` shows every tenant's rows of `customers`: it reads with its owner's rights",
  ]);
});

test("accepts views over shared tables", async () => {
  assert.deepEqual(await found(viewWithoutSecurityInvoker, `CREATE VIEW v AS SELECT * FROM countries;`), []);
});
