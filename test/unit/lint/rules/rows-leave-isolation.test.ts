import assert from "node:assert/strict";
import test from "node:test";
import { rowsLeaveIsolation } from "../../../../lint/rules/rows-leave-isolation";
import { fixes, found } from "../shop-with";

const bad = `SELECT * INTO customers_before FROM customers;`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(rowsLeaveIsolation, bad), [
    "1 `customers_before` becomes a copy of rows of `customers` that no policy isolates",
  ]);
  assert.match((await fixes(rowsLeaveIsolation, bad)).join(), /^[A-Z]/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(rowsLeaveIsolation, `CREATE TEMP TABLE renamed AS SELECT customer_id FROM customers;`),
    [],
  );
});

const others: readonly (readonly [sql: string, what: RegExp])[] = [
  ["CREATE TABLE copied AS SELECT * FROM customers;", /`copied` becomes a copy of rows of `customers`/],
  ["INSERT INTO countries SELECT name, name FROM customers;", /Rows of `customers` are copied to `countries`/],
  ["INSERT INTO public.copied SELECT name FROM customers;", /Rows of `customers` are copied to `copied`/],
  ["CREATE TABLE more () INHERITS (customers);", /`more` inherits from `customers`/],
  ["COPY customers TO PROGRAM 'cat';", /COPY … PROGRAM runs a command on the server/],
  ["COPY customers TO '/tmp/x';", /COPY writes rows of `customers` to a file/],
  ["COPY customers FROM '/tmp/x';", /COPY reads a file of the server into `customers`/],
  ["CREATE EXTENSION plpython3u;", /Extension `plpython3u` is none that PostgreSQL trusts/],
  ["CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'return 1';", /A function in plpython3u runs outside/],
  ["CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw;", /A foreign server connects/],
  ["CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p;", /A subscription connects/],
  ["SELECT pg_read_file('/etc/passwd');", /pg_read_file\(\) reaches past/],
  ["SELECT pg_logical_emit_message(true, 'a', 'b');", /pg_logical_emit_message\(\) reaches past/],
];

test("reports each way in which rows leave isolation", async () => {
  for (const [sql, what] of others) assert.match((await found(rowsLeaveIsolation, sql)).join("\n"), what);
});

test("accepts trusted extensions and languages, and copies into a tenant table", async () => {
  const good =
    "CREATE EXTENSION pg_trgm; INSERT INTO customers SELECT * FROM customers; SELECT count(*) FROM customers;";
  assert.deepEqual(await found(rowsLeaveIsolation, good), []);
});
