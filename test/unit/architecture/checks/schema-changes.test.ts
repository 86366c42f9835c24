import assert from "node:assert/strict";
import test, { before } from "node:test";
import { parseApplication } from "../../../../architecture/application-parser";
import { loadSqlParser } from "../../../../architecture/sql/sql-parser";
import { Problems } from "../../../../common/problem";

before(loadSqlParser);

const yaml = {
  path: "sql/shop/architecture.yaml",
  text: "tenant: { table: tenants }\ntables:\n  orders: { tenant: true }\n  notes: { local: true }\n",
};
const sql = [
  {
    path: "sql/shop/010_tables.sql",
    text: `CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);
CREATE TABLE orders (tenant_id uuid, order_id uuid, total numeric(12, 2), code text,
  twice numeric GENERATED ALWAYS AS (total * 2) STORED, PRIMARY KEY (tenant_id, order_id), UNIQUE (tenant_id, code));
CREATE TABLE notes (note text);`,
  },
];

function change(body: string, name = "085_total_in_cents") {
  return { path: `sql/shop/changes/${name}.yaml`, text: body };
}

function parse(...changes: readonly { readonly path: string; readonly text: string }[]) {
  return parseApplication("shop", yaml, sql, undefined, changes);
}

function refused(...changes: readonly { readonly path: string; readonly text: string }[]): string {
  try {
    parse(...changes);
  } catch (error) {
    if (error instanceof Problems) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

const cents = `table: orders
add: { total_cents: { type: bigint, from: (total * 100)::bigint } }
drop: { total: total_cents / 100.0 }
`;

test("takes a change into the application, and lets a later change and a later file use its columns", () => {
  const later = change(
    "table: orders\nadd: { euros: { type: numeric, from: total_cents / 100.0 } }\ndrop: { total_cents: (euros * 100)::bigint }\n",
    "090_euros",
  );
  const file = {
    path: "sql/shop/095_index.sql",
    text: "CREATE INDEX orders_cents ON orders (tenant_id, total_cents);",
  };
  const application = parseApplication("shop", yaml, [...sql, file], undefined, [later, change(cents)]);
  assert.deepEqual(
    application.changes?.map(({ name }) => name),
    ["085_total_in_cents", "090_euros"],
  );
  assert.deepEqual(
    application.files.map(({ path }) => path),
    ["sql/shop/010_tables.sql", "sql/shop/095_index.sql"],
  );
});

test("refuses a table that no file creates, and suggests the one that is meant", () => {
  assert.match(
    refused(change(cents.replace("orders", "order"))),
    /names a table that no SQL file creates[\s\S]*Write `orders`/,
  );
});

test("refuses an added column that is there, and a dropped one that is not", () => {
  assert.match(refused(change(cents.replace("total_cents: {", "code: {"))), /has the column `code` already/);
  assert.match(
    refused(change(cents.replace("{ total:", "{ totl:"))),
    /has no column `totl` to drop[\s\S]*Write `total`/,
  );
});

test("refuses an expression over columns that its side does not have", () => {
  assert.match(
    refused(change(cents.replace("(total *", "(total_cents *"))),
    /expression for `total_cents`[\s\S]*before the change/,
  );
  assert.match(
    refused(change(cents.replace("total_cents / 100.0", "total"))),
    /expression for `total`[\s\S]*after the change/,
  );
});

test("refuses to drop columns of keys, the tenant column and generated columns", () => {
  assert.match(
    refused(change("table: orders\ndrop: { order_id: gen_random_uuid() }\n")),
    /primary key `orders_pkey` would go with it/,
  );
  assert.match(refused(change("table: orders\ndrop: { code: NULL }\n")), /unique constraint/);
  assert.match(refused(change("table: orders\ndrop: { twice: NULL }\n")), /is generated/);
});

test("refuses a table without a primary key, and a number that a SQL file has", () => {
  assert.match(refused(change("table: notes\ndrop: { note: NULL }\n")), /has no primary key/);
  assert.match(refused(change(cents, "010_total")), /same number: `010_tables.sql` and `010_total.yaml`/);
});
