import assert from "node:assert/strict";
import test from "node:test";
import { changeColumnType } from "../../../lint/rules/change-column-type";
import { setNotNull } from "../../../lint/rules/set-not-null";
import { found } from "./shop-with";

const add = (type: string, more = "") => `ALTER TABLE customers ADD COLUMN z ${type}${more};\n`;

test("accepts a type that stores every value as before", async () => {
  for (const [from, to] of [
    ["varchar(10)", "varchar(20)"],
    ["varchar(10)", "varchar"],
    ["varchar(10)", "text"],
    ["text", "varchar"],
    ["numeric(10, 2)", "numeric(12, 2)"],
    ["numeric(10, 2)", "numeric"],
    ["timestamptz(0)", "timestamptz(3)"],
    ["timestamptz(0)", "timestamptz"],
    ["varbit(4)", "varbit(8)"],
    ["cidr", "inet"],
  ] as const) {
    assert.deepEqual(await found(changeColumnType, `${add(from)}ALTER TABLE customers ALTER z TYPE ${to};`), [], to);
  }
});

test("reports any other type", async () => {
  for (const [from, to] of [
    ["varchar(10)", "varchar(5)"],
    ["text", "varchar(10)"],
    ["varchar", "varchar(10)"],
    ["numeric(10, 2)", "numeric(12, 3)"],
    ["numeric", "numeric(10, 2)"],
    ["int", "bigint"],
    ["char(3)", "text"],
    ["timestamp", "timestamptz"],
    ["varchar(10)[]", "varchar(20)[]"],
    ["varchar(10)", "text USING lower(z)"],
    ["varchar(10)", 'text COLLATE "C"'],
  ] as const) {
    const said = await found(changeColumnType, `${add(from)}ALTER TABLE customers ALTER z TYPE ${to};`);
    assert.match(said.join(), /^2 Changing the type of `customers.z` rewrites/, to);
  }
});

test("reports a column with a CHECK, which is checked again", async () => {
  const said = await found(
    changeColumnType,
    `${add("varchar(10)", " CHECK (z <> '')")}ALTER TABLE customers ALTER z TYPE text;`,
  );
  assert.match(said.join(), /^2 Another type of `customers.z` has its CHECK read every row/);
});

test("accepts SET NOT NULL after a validated CHECK, in the same file and in a later one", async () => {
  const check = (how: string) => `ALTER TABLE customers ADD CONSTRAINT k CHECK (${how}) NOT VALID;`;
  const set = "ALTER TABLE customers ALTER name SET NOT NULL;";
  const validate = "ALTER TABLE customers VALIDATE CONSTRAINT k;";
  assert.deepEqual(await found(setNotNull, `${check("name IS NOT NULL")}${validate}${set}`), []);
  assert.deepEqual(await found(setNotNull, `${check("name <> '' AND name IS NOT NULL")}${validate}${set}`), []);
  for (const before of [
    check("name IS NOT NULL"),
    `${check("name IS NOT NULL OR country IS NULL")}${validate}`,
    `${check("country IS NOT NULL")}${validate}`,
    `${check("name IS NOT NULL")}${validate}ALTER TABLE customers DROP CONSTRAINT k;`,
  ]) {
    assert.equal((await found(setNotNull, `${before}${set}`)).length, 1, before);
  }
});
