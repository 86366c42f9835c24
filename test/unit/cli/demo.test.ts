import assert from "node:assert/strict";
import test from "node:test";
import type { Endpoints } from "../../../architecture/endpoints";
import type { Model } from "../../../architecture/tenancy/tenants";
import { type DemoSummary, demoOf } from "../../../cli/application-demo";
import { isComplete, refuse, renderSummary, whereabouts } from "../../../cli/demo";
import { Problems } from "../../../common/problem";
import { TenantPools } from "../../../examples/ecommerce/tenant-pools";
import type { Settings } from "../../../settings/settings";
import { externalSettings } from "../external-settings";

const summary: DemoSummary = {
  tenants: ["a", "b"],
  transactionsPerSecond: 42,
  orders: 10,
  payments: 8,
  events: { written: 18, seen: 18, missing: 0, twice: 0 },
  summaries: { projected: 10, missing: 0, wrongStatus: 0 },
  latency: { p50: 18, p99: 41 },
  parked: 0,
  errors: {},
};

test("the summary shows what was written and what arrived, and that nothing is missing", () => {
  const text = renderSummary(summary);
  assert.match(text, /10 orders, 8 payments of 2 tenants, 42 transactions\/s/);
  assert.match(text, /18 of 18 events, 0 missing, 0 twice/);
  assert.match(text, /p50 18 ms, p99 41 ms/);
  assert.match(text, /Every order and payment that committed is on Kafka once and in the read model\.$/);
});

test("missing, duplicate, wrong or parked events make the demo fail, and so does a run without events", () => {
  assert.equal(isComplete(summary), true);
  const wrong: Partial<DemoSummary>[] = [
    { events: { written: 18, seen: 17, missing: 1, twice: 0 } },
    { events: { written: 18, seen: 18, missing: 0, twice: 1 } },
    { summaries: { projected: 9, missing: 1, wrongStatus: 0 } },
    { summaries: { projected: 10, missing: 0, wrongStatus: 1 } },
    { parked: 1 },
    { events: { written: 0, seen: 0, missing: 0, twice: 0 } },
  ];
  for (const each of wrong) assert.equal(isComplete({ ...summary, ...each }), false, JSON.stringify(each));
});

const login = (user: string) => ({ user, password: "hush" });
const endpoints: Endpoints = {
  postgres: {
    ...{ host: "db", port: 5432, database: "live", ...login("admin"), sslmode: "disable", nodes: [] },
    roles: { app: login("app"), "acme/app": login("acme_app"), "globex/app": login("globex_app") },
  },
  kafka: { bootstrapServers: ["kafka:9092"] },
  connect: { url: "http://connect:8083", databasePassword: "${file:/run/connect.properties:cdc}" },
};
const tenants = [
  { name: "acme", id: "1" },
  { name: "globex", id: "2" },
];

function settingsOf(model: Model, listed = tenants): Settings {
  return externalSettings({
    ...(model !== "shared" && { tenancy: { model, tenants: listed } }),
    endpoints,
  });
}

test("opens shops for new tenants in the model `shared`, otherwise for the stack's tenants, each in its database", async () => {
  const rows = whereabouts(settingsOf("shared"), endpoints, 3);
  assert.equal(new Set(rows.tenants).size, 3);
  assert.equal(rows.reach("anybody"), endpoints);
  for (const [model, databases] of [
    ["schema", ["live", "live"]],
    ["silo", ["live_acme", "live_globex"]],
  ] as const) {
    const { tenants: chosen, reach } = whereabouts(settingsOf(model), endpoints, 5);
    assert.deepEqual(chosen, ["1", "2"]);
    const reached = chosen.map((tenant) => reach(tenant)?.postgres);
    assert.deepEqual(
      reached.map((postgres) => [postgres?.database, postgres?.roles.app?.user]),
      [
        [databases[0], "acme_app"],
        [databases[1], "globex_app"],
      ],
    );
    const pools = new TenantPools(reach, 2);
    assert.notEqual(pools.of("1"), pools.of("2"));
    assert.equal(pools.of("1"), pools.of("1"));
    assert.throws(() => pools.of("3"), /an event belongs to a tenant that the stack does not list.*got: +3/is);
    await pools.end();
  }
});

test("rejects a tenant's database without the application's login", () => {
  const { postgres } = endpoints;
  const without = { ...endpoints, postgres: { ...postgres, roles: {} } };
  assert.throws(() => new TenantPools(() => without, 2).of("1"), /no login for the role `app`/);
});

test("rejects a stack without tenants, of another application, or other than `local` without --yes", () => {
  const refusal = (settings: Settings, stack = "local") => {
    try {
      refuse(stack, settings, false);
    } catch (error) {
      assert.ok(error instanceof Problems);
      return error.message;
    }
    return undefined;
  };
  assert.equal(refusal(settingsOf("shared")), undefined);
  assert.equal(refusal(settingsOf("silo")), undefined);
  assert.match(refusal(settingsOf("silo", [])) ?? "", /no shop to open.*add tenants to `tenantry:tenants`/s);
  assert.throws(() => demoOf("shop"), /`shop` has no demo.*a stack of `ecommerce`, or a module examples\/shop\/demo/s);
  assert.match(refusal(settingsOf("schema"), "dev") ?? "", /orders of its tenants into the stack `dev`.*--yes/s);
});
