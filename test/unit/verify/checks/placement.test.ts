import assert from "node:assert/strict";
import test from "node:test";
import { scopedApplications } from "../../../../architecture/tenancy/scoped-applications";
import { foreignKeys, placement } from "../../../../verify/checks/placement";
import type { Target } from "../../../../verify/target";
import { parseShop } from "../../architecture/shop";

const tenants = [{ name: "acme", id: "5e5b2c1a-0000-4000-8000-00000000acce" }];

/** Rows of the catalogs for tables that tenants with schemas share: countries, and cities that refer to them. */
async function sharedPart(rows: readonly object[]): Promise<Target> {
  const application = await parseShop({
    split: true,
    tables: ["cities: { reference: true }"],
    sql: {
      "010_cities.sql": "CREATE TABLE cities (name text PRIMARY KEY, country text NOT NULL REFERENCES countries);",
    },
  });
  const [scoped] = scopedApplications(application, { model: "schema", tenants });
  return { application: scoped, citus: "13.2", admin: { query: async () => ({ rows }) } } as unknown as Target;
}

test("accepts shared tables of tenants with schemas on every node, without a tenant table", async () => {
  const placed = (name: string, kind: string | null) => ({ schema: "shop", name, kind, column: null, colocation: 1 });
  assert.deepEqual(await placement.run(await sharedPart([placed("countries", "reference"), placed("cities", null)])), [
    { outcome: "pass", subject: "shop.countries", seen: "on every node" },
    { outcome: "fail", subject: "shop.cities", seen: "is not distributed, not a reference table" },
  ]);
});

test("requires foreign keys between shared tables of tenants with schemas", async () => {
  const key = { table: "cities", definition: "countries country", valid: true };
  assert.deepEqual(await foreignKeys.run(await sharedPart([key])), [
    { outcome: "pass", subject: "shop", seen: "1 foreign keys, all validated" },
  ]);
  assert.deepEqual(await foreignKeys.run(await sharedPart([{ ...key, valid: false }])), [
    {
      outcome: "fail",
      subject: "shop.cities",
      seen: "foreign key cities_country_fkey to countries is missing or not valid",
    },
  ]);
});
