import assert from "node:assert/strict";
import test from "node:test";
import { changeColumnType } from "../../../../lint/rules/change-column-type";
import { fixes, found } from "../shop-with";

const bad = `ALTER TABLE customers ALTER COLUMN visits TYPE bigint;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(changeColumnType, bad), [
    "1 Changing the type of `customers.visits` rewrites the table under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile",
  ]);
  assert.match((await fixes(changeColumnType, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(await found(changeColumnType, `ALTER TABLE customers ADD COLUMN visits_new bigint;`), []);
});

test("accepts widening, also with a USING that only repeats the column", async () => {
  const added = "ALTER TABLE customers ADD COLUMN nick varchar(10);\n";
  const of = (type: string) => found(changeColumnType, `${added}ALTER TABLE customers ALTER COLUMN nick TYPE ${type};`);
  for (const type of ["text", "varchar", "varchar(20)", "text USING nick::text", "text USING nick"]) {
    assert.deepEqual(await of(type), [], type);
  }
  for (const type of ["varchar(5)", "text USING lower(nick)", "text USING name", 'text COLLATE "C"']) {
    assert.equal((await of(type)).length, 1, type);
  }
});
