import assert from "node:assert/strict";
import test from "node:test";
import { fatPayload } from "../../../../lint/rules/fat-payload";
import { fixes, found } from "../shop-with";

const bad = `SELECT tenantry.emit(tenant_id, 'customer', customer_id::text, 'changed', to_jsonb(c))
FROM customers AS c WHERE tenant_id = $1;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(fatPayload, bad), ["1 to_jsonb() writes a payload of any length into the outbox"]);
  assert.match((await fixes(fatPayload, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      fatPayload,
      `SELECT tenantry.emit(tenant_id, 'customer', customer_id::text, 'changed', jsonb_build_object('id', customer_id))
FROM customers AS c WHERE tenant_id = $1;`,
    ),
    [],
  );
});
