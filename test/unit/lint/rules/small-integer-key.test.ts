import assert from "node:assert/strict";
import test from "node:test";
import { smallIntegerKey } from "../../../../lint/rules/small-integer-key";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE places (place_id integer PRIMARY KEY);`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(smallIntegerKey, bad), [
    "1 Key `places.place_id` is of type int4: it runs out of numbers, and growing it rewrites the table",
  ]);
  assert.match((await fixes(smallIntegerKey, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(smallIntegerKey, `CREATE TABLE places (place_id bigint PRIMARY KEY, floors integer);`),
    [],
  );
});
