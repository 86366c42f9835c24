import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { loadSqlParser, parseSql } from "../../../../architecture/sql/sql-parser";
import { generate, shapes } from "../../../../verify/leaks/generate";
import type { LeakQuery } from "../../../../verify/leaks/query";
import { column, relation, surface, tenant } from "./surface";

const orders = relation("orders", {
  foreignKeys: [
    {
      columns: ["tenant_id", "id"],
      parent: { schema: "shop", name: "customers" },
      parentColumns: ["tenant_id", "id"],
    },
  ],
});
const countries = relation("countries", {
  ofTenants: false,
  isTenantTable: false,
  columns: [column("code", "text")],
  own: undefined,
  other: undefined,
});
const shop = surface([relation("customers"), orders, countries], {
  closed: [{ schema: "shop", name: "orders_2026" }],
  calls: [{ schema: "shop", name: "find", sql: '"shop"."find"(\'x\'::text)' }],
  sequences: [{ schema: "shop", name: "numbers" }],
});

const sqlOf = ({ steps, twin = [] }: LeakQuery) => [...steps, ...twin].map(({ sql }) => sql);

test("makes the same queries for the same seed, and others for another", () => {
  assert.deepEqual(generate(shop, 7, 500), generate(shop, 7, 500));
  assert.notDeepEqual(generate(shop, 7, 500), generate(shop, 8, 500));
});

test("makes the requested number of queries, of every shape on every relation", () => {
  const queries = generate(shop, 1, 1_000);
  assert.equal(queries.length, 1_000);
  assert.deepEqual(new Set(queries.map(({ shape }) => shape)), new Set(shapes.map(({ name }) => name)));
  for (const shape of ["select", "cursor", "copy of a query", "explain", "prepared statement"]) {
    const met = queries.filter((query) => query.shape === shape).flatMap(({ relations }) => relations);
    assert.deepEqual(new Set(met), new Set(["shop.customers", "shop.orders", "shop.countries"]), shape);
  }
});

test("runs some queries without a tenant, but none that need one", () => {
  const queries = generate(shop, 1, 1_000);
  const without = queries.filter(({ context }) => context === "none");
  assert.ok(without.length > 20 && without.length < 200, `${without.length}`);
  assert.ok(!without.some(({ shape }) => shape === "prepared by the other tenant"));
});

test("makes no queries for a role that may read nothing", () => {
  assert.deepEqual(generate(surface([]), 1, 100), []);
});

test("does not count a reference to a shared table as another tenant's value", () => {
  const parent = { schema: "shop", name: "users" };
  const memberships = relation("memberships", { foreignKeys: [{ columns: ["id"], parent, parentColumns: ["id"] }] });
  const { id } = memberships.other ?? {};
  const queries = generate(surface([memberships]), 1, 1_000).filter(({ twin }) => twin);
  assert.ok(queries.length > 20);
  for (const query of queries) assert.ok(!sqlOf(query).some((sql) => sql.includes(`${id}`)), sqlOf(query).join("; "));
});

test("writes nothing as a role that may not write", () => {
  const may = { insert: false, update: false, delete: false };
  const queries = generate(surface([relation("orders", { may })]), 1, 500);
  assert.equal(queries.length, 500);
  for (const sql of queries.flatMap(sqlOf))
    assert.doesNotMatch(sql, /^(INSERT|UPDATE|DELETE|MERGE)|FOR (UPDATE|SHARE)/);
});

test("limits writes to the two probe tenants' rows, so that a broken policy loses no other rows", () => {
  for (const sql of generate(shop, 1, 2_000).flatMap(sqlOf)) {
    if (!/\b(UPDATE|DELETE|MERGE)\b/.test(sql)) continue;
    assert.ok(sql.includes(tenant.own) || sql.includes(tenant.other) || /FOR UPDATE|ON CONFLICT/.test(sql), sql);
  }
});

test("limits every query and sample, so that none reads a large table completely", () => {
  const large = surface([relation("orders", { rowCount: 1e9 })]);
  for (const query of generate(large, 1, 1_000)) {
    assert.notEqual(query.shape, "copy of a table");
    if (query.shape === "sample") assert.match(query.steps[0]?.sql ?? "", /\(0\.005\)/);
    if (["select", "join", "set operation"].includes(query.shape))
      assert.match(query.steps[0]?.sql ?? "", / LIMIT 200/);
  }
});

test("makes only queries that PostgreSQL's parser accepts, for any names", async () => {
  await loadSqlParser();
  const name = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }).filter((text) => !text.includes("\0"));
  const anyRelation = fc.record({ name, columns: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }) }).map((drawn) =>
    relation(drawn.name, {
      columns: [column("tenant_id", "uuid"), ...drawn.columns.map((each) => column(each, "text"))],
      other: { tenant_id: tenant.other, [drawn.columns[0] ?? ""]: "it's tenantry-verify-0000000b \\" },
    }),
  );
  const property = fc.property(fc.array(anyRelation, { minLength: 1, maxLength: 3 }), fc.nat(), (relations, seed) => {
    for (const sql of generate(surface(relations), seed, 150).flatMap(sqlOf)) {
      const parsed = parseSql({ path: "query", text: sql });
      assert.ok(!Array.isArray(parsed), `${sql}: ${JSON.stringify(parsed)}`);
      assert.equal(parsed.statements.length, 1, sql);
    }
  });
  fc.assert(property, { numRuns: 30, seed: 1 });
});
