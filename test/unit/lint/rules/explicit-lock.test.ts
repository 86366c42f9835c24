import assert from "node:assert/strict";
import test from "node:test";
import { explicitLock } from "../../../../lint/rules/explicit-lock";
import { fixes, found } from "../shop-with";

const bad = `LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(explicitLock, bad), ["1 LOCK blocks everybody who uses `orders` until the file ends"]);
  assert.match((await fixes(explicitLock, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(explicitLock, `ALTER TABLE orders ADD COLUMN note text;`), []);
});
