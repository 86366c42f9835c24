import assert from "node:assert/strict";
import test from "node:test";
import { explicitLock } from "../../../../lint/rules/explicit-lock";
import { fixes, found } from "../shop-with";

const bad = `LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;`;

test("the bad example is found: line and harm, with a way out", async () => {
  assert.deepEqual(await found(explicitLock, bad), [
    "1 LOCK holds everybody up who uses `orders`, until the file ends",
  ]);
  assert.match((await fixes(explicitLock, bad)).join(), /^[A-Z]/);
});

test("the good example passes", async () => {
  assert.deepEqual(await found(explicitLock, `ALTER TABLE orders ADD COLUMN note text;`), []);
});
