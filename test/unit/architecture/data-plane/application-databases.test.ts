import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { loadApplication } from "../../../../architecture/application-loader";
import { type Database, databasesOf } from "../../../../architecture/data-plane/application-databases";
import type { Endpoints, Login } from "../../../../architecture/endpoints";
import type { Model } from "../../../../architecture/tenancy/tenants";
import { externalSettings } from "../../external-settings";

const login = (user: string): Login => ({ user, password: "hush" });
const node = { name: "worker_1", host: "10.0.0.2", port: 5432 };
const endpoints: Endpoints = {
  postgres: {
    ...{ host: "10.0.0.1", port: 5432, database: "live", ...login("admin"), sslmode: "disable", nodes: [node] },
    roles: { "acme/app": login("ecommerce_acme_app"), "globex/app": login("ecommerce_globex_app"), cdc: login("cdc") },
  },
  kafka: { bootstrapServers: ["kafka:9092"] },
  connect: { url: "http://connect:8083", databasePassword: "${file:/run/connect.properties:cdc}" },
};

async function databases(model: Model, at?: Endpoints, names = ["acme", "globex"]): Promise<Database[]> {
  const tenants = names.map((name, index) => ({
    name,
    id: `5e5b2c1a-0000-4000-8000-00000000000${index}`,
  }));
  const settings = externalSettings({
    ...(model !== "shared" && { tenancy: { model, tenants } }),
    endpoints: at,
  });
  const loaded = await loadApplication(join(__dirname, "..", "..", "..", "..", "sql", "ecommerce"));
  return databasesOf(loaded, settings, at);
}

test("a stack has one database in the models `shared` and `schema`", async () => {
  for (const model of ["shared", "schema"] as const) {
    const [only, ...more] = await databases(model, endpoints);
    assert.deepEqual([only?.endpoints?.postgres.database, only?.madeBy, more.length], ["live", undefined, 0]);
  }
});

test("declares silos one after another in the maintenance database, and requires their roles", async () => {
  const [maker, ...silos] = await databases("silo", endpoints);
  assert.deepEqual(
    [maker, ...silos].map((each) => each?.provider),
    ["servers", "data-acme", "data-globex"],
  );
  assert.equal(maker?.endpoints?.postgres.database, "postgres");
  assert.deepEqual(
    maker?.declarations.map(({ noun, name, inputs, after }) => [noun, name, inputs, after]),
    [
      ["TenantDatabase", "ecommerce_acme", { database: "live_acme", tenant: "acme", nodes: [node] }, []],
      [
        ...["TenantDatabase", "ecommerce_globex", { database: "live_globex", tenant: "globex", nodes: [node] }],
        ["TenantDatabase/ecommerce_acme"],
      ],
    ],
  );
  assert.deepEqual(maker?.makes, ["live_acme", "live_globex"]);
  assert.deepEqual(maker?.roles, [...new Set(silos.flatMap(({ roles }) => roles))]);
  assert.deepEqual(
    silos.map(({ endpoints: at, madeBy }) => [at?.postgres.database, Object.keys(at?.postgres.roles ?? {}), madeBy]),
    [
      ["live_acme", ["app", "cdc"], "TenantDatabase/ecommerce_acme"],
      ["live_globex", ["app", "cdc"], "TenantDatabase/ecommerce_globex"],
    ],
  );
});

test("names silos after the application while the servers are unknown", async () => {
  const [maker] = await databases("silo");
  assert.deepEqual(maker?.makes, ["ecommerce_acme", "ecommerce_globex"]);
});

test("without listed tenants, declares no outbox, slot or connector", async () => {
  const nouns = (found: readonly Database[]) =>
    found.flatMap(({ declarations }) => declarations.map(({ noun }) => noun));
  const none = nouns(await databases("schema", endpoints, []));
  assert.ok(none.includes("Migration"));
  assert.deepEqual(
    none.filter((noun) => ["Outbox", "ReplicationSlot", "Connector"].includes(noun)),
    [],
  );
  assert.deepEqual(nouns(await databases("silo", endpoints, [])), []);
  assert.ok(nouns(await databases("schema", endpoints, ["acme"])).includes("Connector"));
});

test("a tenant's declarations have different names in the models `silo` and `schema`", async () => {
  const idsOf = async (model: Model) =>
    (await databases(model, endpoints)).flatMap(({ declarations }) =>
      declarations.flatMap(({ noun, name, tenant }) => (tenant === undefined ? [] : [`${noun}/${name}`])),
    );
  const [inSchemas, inSilos] = [await idsOf("schema"), await idsOf("silo")];
  assert.ok(inSchemas.includes("Migration/ecommerce/020_tenants@acme"));
  assert.ok(inSilos.includes("Migration/ecommerce/020_tenants@silo-acme"));
  assert.deepEqual(
    inSchemas.filter((id) => inSilos.includes(id)),
    [],
  );
});
