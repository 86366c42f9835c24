import assert from "node:assert/strict";
import test from "node:test";
import { canaryIn } from "../../../verify/canary";
import { candidates } from "../../../verify/dummy";
import type { CatalogTable, Column } from "../../../verify/live-catalog";
import { NoRow, planRow } from "../../../verify/row-writer";

const column = (name: string, base: string, more: Partial<Column> = {}): Column => ({
  name,
  type: base,
  base,
  domain: null,
  isArray: false,
  labels: null,
  maxLength: null,
  isNeeded: true,
  isGenerated: false,
  isNumbered: false,
  ...more,
});

const table = (more: Partial<CatalogTable>): CatalogTable => ({
  schema: "shop",
  name: "orders",
  oid: 1,
  isEnabled: true,
  isForced: true,
  policies: [],
  columns: [],
  checks: [],
  foreignKeys: [],
  partitionColumn: null,
  partitions: [],
  ...more,
});

const noParent = async () => undefined;

test("fills the required columns and the given ones", async () => {
  const columns = [
    column("tenant_id", "uuid"),
    column("note", "text", { isNeeded: false }),
    column("Total", "numeric"),
  ];
  const row = await planRow(table({ columns }), { tenant_id: "t" }, noParent);
  assert.deepEqual(row.statement(), {
    sql: 'INSERT INTO "shop"."orders" ("tenant_id", "Total") VALUES ($1::uuid, $2::numeric)',
    values: ["t", "1"],
  });
});

test("varies a value that a CHECK refuses, with the CHECK's literals among the candidates", async () => {
  const checks = [{ name: "c", columns: ["status"], definition: "CHECK ((status = ANY (ARRAY['placed'::text])))" }];
  const columns = [column("status", "text"), column("total", "numeric")];
  const row = await planRow(table({ columns, checks }), {}, noParent);
  const tried = new Set<string | null | undefined>();
  for (let tries = 0; tries < 30; tries += 1) {
    tried.add(row.statement().values[0]);
    row.vary({ code: "23514", constraint: "c" });
  }
  assert.ok(tried.has("placed"));
  assert.equal(row.statement().values[1], "1", "the other column was left alone");
});

test("stops varying after an error that names no column", async () => {
  const row = await planRow(table({ columns: [column("note", "text")] }), {}, noParent);
  assert.equal(row.vary({ code: "42501" }), false);
});

test("takes a foreign key's values from its parent, and reports a missing parent", async () => {
  const foreignKeys = [
    {
      columns: ["tenant_id", "customer"],
      parent: { schema: "shop", name: "customers" },
      parentColumns: ["tenant_id", "id"],
    },
  ];
  const orders = table({ columns: [column("tenant_id", "uuid"), column("customer", "uuid")], foreignKeys });
  const row = await planRow(orders, { tenant_id: "t" }, async () => ({ tenant_id: "t", id: "c-1" }));
  assert.deepEqual(row.statement().values, ["t", "c-1"]);
  await assert.rejects(
    planRow(orders, { tenant_id: "t" }, noParent),
    /shop\.customers, to which it refers, has no row/,
  );
});

test("leaves an optional foreign key empty", async () => {
  const foreignKeys = [{ columns: ["parent"], parent: { schema: "shop", name: "orders" }, parentColumns: ["id"] }];
  const columns = [column("id", "uuid"), column("parent", "uuid", { isNeeded: false })];
  const row = await planRow(table({ columns, foreignKeys }), {}, noParent);
  assert.equal(row.statement().values.length, 1);
});

test("reports an unknown type", async () => {
  await assert.rejects(planRow(table({ columns: [column("place", "geometry")] }), {}, noParent), (error) => {
    assert.ok(error instanceof NoRow);
    assert.match(error.message, /no value is known for place of type geometry/);
    return true;
  });
});

test("makes values that fit the column: an enum's labels, a varchar's length", () => {
  assert.deepEqual(candidates(column("mood", "mood", { labels: ["sad", "ok"] }), []), ["sad", "ok"]);
  assert.ok(candidates(column("code", "varchar", { maxLength: 3 }), []).every((value) => value.length <= 3));
  assert.deepEqual(candidates(column("tags", "_text", { isArray: true }), []), ["{}"]);
});

test("leaves out a generated column, also in a foreign key", async () => {
  const foreignKeys = [
    { columns: ["tenant_id", "slug"], parent: { schema: "shop", name: "pages" }, parentColumns: ["tenant_id", "slug"] },
  ];
  const columns = [
    column("tenant_id", "uuid"),
    column("title", "text"),
    column("slug", "text", { isNeeded: false, isGenerated: true }),
  ];
  const parent = async () => ({ tenant_id: "t", slug: "s" });
  const row = await planRow(table({ columns, foreignKeys }), { tenant_id: "t", slug: "s" }, parent);
  assert.match(row.statement().sql, /\("tenant_id", "title"\)/);
});

test("varies a value that a unique key refuses, also if a partition's key has another name", async () => {
  const columns = [column("tenant_id", "uuid"), column("on_hand", "bool"), column("note", "text")];
  const keys = [{ name: "stock_pkey", columns: ["tenant_id", "on_hand"] }];
  const row = await planRow(table({ columns, keys }), { tenant_id: "t" }, noParent);
  assert.equal(row.statement().values[1], "false");
  assert.ok(row.vary({ code: "23505", constraint: "stock_p2026_12_pkey" }));
  assert.equal(row.statement().values[1], "true");
});

test("makes values of ranges, rows, bits, geometry, and arrays that a CHECK requires to be filled", () => {
  const first = (base: string, more: Partial<Column> = {}) => candidates(column("c", base, more), [])[0];
  assert.equal(first("floatrange", { shape: "range" }), "empty");
  assert.equal(first("int4multirange", { shape: "multirange" }), "{}");
  assert.equal(first("address", { shape: 3 }), "(,,)");
  assert.equal(first("bit", { type: "bit(8)" }), "00000000");
  assert.match(first("daterange") ?? "", /^\[\d{4}-\d\d-\d\d,\d{4}-\d\d-\d\d\)$/);
  assert.ok(first("box"));
  const checks = [{ name: "c", columns: ["c"], definition: "CHECK ((cardinality(c) > 0))" }];
  assert.ok(candidates(column("c", "_text", { isArray: true }), checks).includes("{NULL}"));
});

test("plants unique values in a row, also in optional columns", async () => {
  const columns = [
    column("tenant_id", "uuid"),
    column("note", "text", { isNeeded: false }),
    column("total", "numeric", { type: "numeric(14,3)" }),
    column("rate", "numeric", { type: "numeric(5,2)" }),
    column("details", "jsonb", { isNeeded: false }),
    column("number", "int8", { isNeeded: false, isNumbered: true }),
    column("customer", "uuid", { isNeeded: false }),
  ];
  const parent = { schema: "shop", name: "customers" };
  const foreignKeys = [{ columns: ["customer"], parent, parentColumns: ["id"] }];
  const row = await planRow(table({ columns, foreignKeys }), { tenant_id: "t" }, noParent, { plant: true });
  const { sql, values } = row.statement();
  assert.match(sql, /\("tenant_id", "note", "total", "rate", "details"\)/);
  const [, note, total, rate, details] = values;
  for (const value of [note, total, details]) assert.ok(canaryIn(value ?? ""), `${value} is telling`);
  assert.equal(rate, "1", "too short for a telling number");
});

test("leaves out a planted value that a CHECK refuses in an optional column", async () => {
  const checks = [{ name: "c", columns: ["status"], definition: "CHECK (status = 'open')" }];
  const columns = [column("id", "uuid"), column("status", "text", { isNeeded: false })];
  const row = await planRow(table({ columns, checks }), {}, noParent, { plant: true });
  assert.equal(row.statement().values.length, 2);
  row.vary({ code: "23514", constraint: "c" });
  assert.equal(row.statement().values.length, 1);
});

test("finds a canary in a value with PostgreSQL's additions, and none in a common value", () => {
  assert.equal(canaryIn("712345678.000"), "712345678");
  assert.equal(canaryIn('{"probe": "tenantry-verify-0a1b2c3d"}'), "tenantry-verify-0a1b2c3d");
  for (const common of ["1", "placed", "{}", "1712345678", "2026-01-01"]) assert.equal(canaryIn(common), undefined);
});
