import assert from "node:assert/strict";
import test from "node:test";
import { databasesOf } from "../../../architecture/data-plane/application-databases";
import type { Endpoints } from "../../../architecture/endpoints";
import type { Model } from "../../../architecture/tenancy/tenants";
import { checks } from "../../../verify/checks";
import { looksAt } from "../../../verify/targets";
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

/** The names of the checks, by the part of the application that they look at. */
async function looks(model: Model): Promise<Record<string, readonly string[]>> {
  const application = await parseShop({ split: true });
  const settings = externalSettings(model === "shared" ? {} : { tenancy: { model, tenants: [acme] } });
  const databases = databasesOf({ application, base: [], baseOf: () => [] }, settings, endpoints);
  return Object.fromEntries(
    looksAt(databases, endpoints, {}).map(({ options: { application: part }, looksAt }) => [
      part.part?.tenant?.name ?? part.schema,
      checks.filter(looksAt).map(({ name }) => name),
    ]),
  );
}

const all = checks.map(({ name }) => name);
const except = (...names: readonly string[]) => all.filter((name) => !names.includes(name));

test("all checks look at each database, at borders only where a tenant has it to itself", async () => {
  assert.deepEqual(await looks("shared"), { shop: except("borders") });
  assert.deepEqual(await looks("silo"), { acme: all });
});

test("where tenants have schemas, the change stream is looked at once, tables in every part, the rest in each tenant's", async () => {
  assert.deepEqual(await looks("schema"), {
    shop: ["placement", "foreign keys", "boundary", "bypasses", "replication", "connectors", "indexes", "drift"],
    acme: except("boundary", "replication", "connectors", "drift"),
  });
});
