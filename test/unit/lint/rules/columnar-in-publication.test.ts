import assert from "node:assert/strict";
import test from "node:test";
import { columnarInPublication } from "../../../../lint/rules/columnar-in-publication";
import { fixes, found } from "../shop-with";

const bad = `CREATE TABLE archive (a int) USING columnar;
CREATE PUBLICATION p FOR TABLE archive;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(columnarInPublication, bad), [
    "2 Columnar table `archive` is missing in the stream of `p`",
  ]);
  assert.match((await fixes(columnarInPublication, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      columnarInPublication,
      `CREATE TABLE archive (a int) USING columnar;
CREATE PUBLICATION p FOR TABLE countries;`,
    ),
    [],
  );
});
