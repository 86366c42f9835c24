import assert from "node:assert/strict";
import test from "node:test";
import { loginRoles, scopedApplications } from "../../../../architecture/tenancy/scoped-applications";
import type { Model, Tenant } from "../../../../architecture/tenancy/tenants";
import { parseShop, type ShopArgs } from "../shop";

const acme: Tenant = { name: "acme", id: "5e5b2c1a-0000-4000-8000-00000000acce" };
const globex: Tenant = { name: "globex", id: "5e5b2c1a-0000-4000-8000-00000000610b" };

const shop: ShopArgs = {
  split: true,
  tables: ["orders: { tenant: true }"],
  yaml: ["roles: { app: { writes: all }, agent: { reads: [orders] } }"],
  sql: {
    "010_orders.sql":
      "CREATE TABLE orders (tenant_id uuid NOT NULL REFERENCES tenants, order_id uuid NOT NULL, country text REFERENCES countries, PRIMARY KEY (tenant_id, order_id));",
    "020_views.sql":
      "CREATE VIEW latest WITH (security_invoker = true) AS SELECT * FROM orders;\nGRANT SELECT ON latest TO shop_app, shop_agent;",
    "030_latest.sql": "COMMENT ON VIEW latest IS 'By shop_app'; GRANT SELECT (order_id) ON latest TO shop_agent;",
    "040_countries.sql": "INSERT INTO countries VALUES ('DE');",
  },
};

async function applicationsOf(model: Model, args: Partial<ShopArgs> = {}, tenants: readonly Tenant[] = [acme, globex]) {
  return scopedApplications(await parseShop({ ...shop, ...args }), { model, tenants });
}

async function refusal(model: Model, args: Partial<ShopArgs>, tenants?: readonly Tenant[]): Promise<string> {
  const error: unknown = await applicationsOf(model, args, tenants).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Error);
  return error.message;
}

const names = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path.split("/").at(-1));

test("the model `shared` gives one application", async () => {
  const [only, ...more] = await applicationsOf("shared");
  assert.deepEqual([only?.scope, more.length], [undefined, 0]);
});

test("in the model `schema`, tenants share reference tables and have all others in their own schemas", async () => {
  const [common, first, second] = await applicationsOf("schema");
  assert.deepEqual([common?.schema, first?.schema, second?.schema], ["shop", "shop_acme", "shop_globex"]);
  assert.deepEqual(
    common?.tables.map(({ name }) => name),
    ["countries"],
  );
  assert.deepEqual(
    first?.tables.map(({ schema, name }) => `${schema}.${name}`),
    ["shop_acme.tenants", "shop_acme.orders"],
  );
  const references = first?.tables[1]?.foreignKeys.map(({ references: { schema, table } }) => `${schema}.${table}`);
  assert.deepEqual(references, ["shop_acme.tenants", "shop.countries"]);
});

test("gives each tenant its own logins in the models `schema` and `silo`, but not in `shared`", async () => {
  const logins = async (model: Model) =>
    loginRoles(await applicationsOf(model)).map(({ name, user }) => `${name}: ${user}`);
  assert.deepEqual(await logins("shared"), ["app: shop_app", "agent: shop_agent"]);
  const own = ["acme", "globex"].flatMap((tenant) =>
    ["app", "agent"].map((role) => `${tenant}/${role}: shop_${tenant}_${role}`),
  );
  assert.deepEqual(await logins("schema"), own);
  assert.deepEqual(await logins("silo"), own);
});

test("applies a file about shared tables once, and every other file for each tenant", async () => {
  const [common, first] = await applicationsOf("schema");
  assert.deepEqual(names(common?.files ?? []), ["000_countries.sql", "040_countries.sql"]);
  assert.deepEqual(names(first?.files ?? []), ["001_tenants.sql", "010_orders.sql", "020_views.sql", "030_latest.sql"]);
});

test("applies a file about a view of shared tables once, also if the view is materialized", async () => {
  for (const kind of ["VIEW", "MATERIALIZED VIEW"]) {
    const sql = {
      ...shop.sql,
      "050_codes.sql": `CREATE ${kind} codes AS SELECT code FROM countries;`,
      "060_codes.sql": "GRANT SELECT ON codes TO shop_agent;",
    };
    const [common, first] = await applicationsOf("schema", { sql });
    assert.deepEqual(names(common?.files ?? []).slice(2), ["050_codes.sql", "060_codes.sql"], kind);
    assert.equal(first?.files.length, 4, kind);
  }
});

test("replaces the roles in a tenant's files by its own, but not in strings", async () => {
  for (const model of ["schema", "silo"] as const) {
    const application = (await applicationsOf(model)).find((each) => each.scope?.tenant?.name === "acme");
    assert.deepEqual(
      application?.roles.map(({ user }) => user),
      ["shop_acme_app", "shop_acme_agent"],
    );
    const statements = application?.files.flatMap((file) => file.statements.map(({ sql }) => sql)) ?? [];
    assert.ok(statements.includes('GRANT SELECT ON latest TO "shop_acme_app", "shop_acme_agent"'));
    assert.ok(statements.includes("COMMENT ON VIEW latest IS 'By shop_app'"));
  }
});

test("a silo has the whole application; shared tables of the model `schema` serve all tenants' roles", async () => {
  const [silo] = await applicationsOf("silo");
  assert.deepEqual([silo?.schema, silo?.tables.length, silo?.files.length], ["shop", 3, 6]);
  const [common] = await applicationsOf("schema");
  assert.deepEqual(common?.roles.map(({ user }) => user).sort(), [
    "shop_acme_agent",
    "shop_acme_app",
    "shop_globex_agent",
    "shop_globex_app",
  ]);
});

test("rejects a file about both shared and tenant tables, only in the model `schema`", async () => {
  assert.match(
    await refusal("schema", { split: false }),
    /001_tenants\.sql: This file is about tenants' tables and about shared ones[\s\S]*`countries`[\s\S]*lower number/,
  );
  assert.equal((await applicationsOf("silo", { split: false })).length, 2);
});

test("rejects names with the application's schema in tenants' files and function bodies, with their line", async () => {
  const message = await refusal("schema", {
    sql: {
      "010_orders.sql":
        "CREATE TABLE shop.orders (tenant_id uuid NOT NULL, order_id uuid, PRIMARY KEY (tenant_id, order_id));",
      "020_function.sql":
        "SELECT 1;\nCREATE FUNCTION one() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM shop.orders $$;",
    },
  });
  assert.match(message, /010_orders\.sql:1: A name with the schema `shop` leads out of the tenant's own/);
  assert.match(message, /020_function\.sql:2/);
});

test("accepts text that only looks like a name with the schema", async () => {
  const sql = { ...shop.sql, "050_note.sql": "COMMENT ON TABLE orders IS 'see shop.example.com';" };
  assert.equal((await applicationsOf("schema", { sql })).length, 3);
});

test("rejects an id that does not fit the tenant column's type", async () => {
  const message = await refusal("silo", {}, [{ name: "acme", id: "7" }]);
  assert.match(message, /id of tenant `acme` is no value of tenant_id[\s\S]*got: +7[\s\S]*a uuid/);
});

test("rejects a tenant's name that makes a slot's name too long or a name that exists", async () => {
  const long = await refusal("silo", { name: "a".repeat(30), yaml: [], sql: {}, tables: [] }, [
    { ...acme, name: "b".repeat(30) },
  ]);
  assert.match(long, /Names become too long with tenant `b+`[\s\S]*Shorten the tenant's name by \d+/);
  assert.match(await refusal("schema", {}, [{ ...acme, name: "app" }]), /makes one that the application has already/);
});

test("rejects ids that are equal in PostgreSQL, and stores ids in PostgreSQL's spelling", async () => {
  const again: Tenant = { name: "again", id: acme.id.toUpperCase() };
  assert.match(await refusal("schema", {}, [acme, again]), /`acme` and `again` are one, by their id[\s\S]*acce/);
  assert.equal((await applicationsOf("silo", {}, [again]))[0]?.scope?.tenant?.id, acme.id);
});

test("rejects tenants whose names would give the same role", async () => {
  const yaml = ["roles: { app: { writes: all }, big_app: { writes: all } }"];
  const sql = { "010_orders.sql": shop.sql?.["010_orders.sql"] ?? "" };
  const message = await refusal("silo", { yaml, sql }, [acme, { ...globex, name: "acme_big" }]);
  assert.match(message, /`acme` and `acme_big` would have a role of the same name[\s\S]*shop_acme_big_app/);
});
