import assert from "node:assert/strict";
import test from "node:test";
import { databasesOf } from "../../../architecture/data-plane/application-databases";
import type { Endpoints } from "../../../architecture/endpoints";
import type { Model } from "../../../architecture/tenancy/tenants";
import { checks } from "../../../verify/checks";
import { verifyScopes } from "../../../verify/verify-scopes";
import { parseShop } from "../architecture/shop";
import { externalSettings } from "../external-settings";

const endpoints: Endpoints = {
  postgres: {
    ...{ host: "10.0.0.1", port: 5432, database: "shop", user: "admin", password: "hush", sslmode: "disable" },
    nodes: [],
    roles: {},
  },
  kafka: { bootstrapServers: ["kafka:9092"] },
  connect: { url: "http://connect:8083", databasePassword: "${file:/run/connect.properties:cdc}" },
};
const acme = { name: "acme", id: "5e5b2c1a-0000-4000-8000-00000000acce" };

/** The names of the checks, by the part of the application that they check. */
async function checksOf(model: Model): Promise<Record<string, readonly string[]>> {
  const application = await parseShop({ split: true });
  const settings = externalSettings(model === "shared" ? {} : { tenancy: { model, tenants: [acme] } });
  const databases = databasesOf({ application, base: [], baseOf: () => [] }, settings, endpoints);
  return Object.fromEntries(
    verifyScopes(databases, endpoints, {}).map(({ options: { application: scoped }, includes }) => [
      scoped.scope?.tenant?.name ?? scoped.schema,
      checks.filter(includes).map(({ name }) => name),
    ]),
  );
}

const all = checks.map(({ name }) => name);
const except = (...names: readonly string[]) => all.filter((name) => !names.includes(name));

test("runs all checks on each database, but `tenant boundaries` only where a tenant has its own", async () => {
  assert.deepEqual(await checksOf("shared"), { shop: except("tenant boundaries") });
  assert.deepEqual(await checksOf("silo"), { acme: all });
});

test("checks replication once, tables in every schema and the rest in each tenant's schema where tenants have schemas", async () => {
  assert.deepEqual(await checksOf("schema"), {
    shop: [
      ...["placement", "foreign keys", "boundary", "bypasses", "tiers"],
      ...["replication", "connectors", "indexes", "drift"],
    ],
    acme: except("boundary", "replication", "connectors", "drift"),
  });
});
