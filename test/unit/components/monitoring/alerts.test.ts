import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test from "node:test";
import { parse, stringify } from "yaml";
import { alertsOf, ruleGroups } from "../../../../components/monitoring/alerts";
import { dashboardOf, expressionsOf } from "../../../../components/monitoring/dashboard";
import { queries, queriesFile } from "../../../../components/monitoring/queries";
import { findProgram } from "../../../../pulumi-cli/pulumi-programs";
import { matchesGolden } from "../../golden";

const root = join(__dirname, "..", "..", "..", "..");
const golden = join(root, "test", "golden", "monitoring");
const rules = { groups: ruleGroups({ namespace: "shop", runbooks: "https://example.com/alerts.md" }) };

/** Prometheus' own checker, from a release or by `go build github.com/prometheus/prometheus/cmd/promtool`. */
const promtool = findProgram("promtool", (process.env.PATH ?? "").split(delimiter));
const skip = promtool ? false : "needs promtool on PATH";

test("the alerts equal the reviewed golden file", () => {
  matchesGolden(join(golden, "rules.yaml"), stringify(rules, { lineWidth: 0 }));
});

test("the dashboard equals the reviewed golden file", () => {
  matchesGolden(join(golden, "dashboard.json"), `${JSON.stringify(dashboardOf("shop"), undefined, 2)}\n`);
});

test("the exporter's queries equal the reviewed golden file", () => {
  matchesGolden(join(golden, "queries.yaml"), queriesFile());
});

test("docs/alerts.md has a section for each alert, and no other", () => {
  const page = readFileSync(join(root, "docs", "alerts.md"), "utf8");
  const sections = [...page.matchAll(/^## (Tenantry\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    sections,
    alertsOf("shop").map(({ name }) => name),
  );
});

test("alerts and panels select one namespace and use only metrics that exist", () => {
  const own = Object.entries(queries).flatMap(([name, { columns }]) =>
    Object.entries(columns).flatMap(([column, is]) => ("gauge" in is ? [`${name}_${column}`] : [])),
  );
  for (const expr of [...alertsOf("shop").map((alert) => alert.expr), ...expressionsOf("shop")]) {
    for (const [, name, labels] of expr.matchAll(/\b([a-z]+_\w+)\{([^}]*)\}/g)) {
      assert.match(labels ?? "", /^namespace="shop"/, expr);
      if (name?.startsWith("tenantry_")) assert.ok(own.includes(name), `${name} is not one of our metrics`);
    }
  }
});

test("Prometheus accepts the alerts", { skip }, () => {
  const file = join(mkdtempSync(join(tmpdir(), "rules-")), "rules.yaml");
  writeFileSync(file, stringify(rules));
  assert.match(execFileSync(promtool ?? "", ["check", "rules", file], { encoding: "utf8" }), /SUCCESS: 20 rules found/);
});

test("Prometheus accepts the panels' expressions", { skip }, () => {
  const file = join(mkdtempSync(join(tmpdir(), "rules-")), "panels.yaml");
  const records = expressionsOf("shop").map((expr, index) => ({ record: `panel:${index}`, expr }));
  writeFileSync(file, stringify({ groups: [{ name: "panels", rules: records }] }));
  assert.match(execFileSync(promtool ?? "", ["check", "rules", file], { encoding: "utf8" }), /SUCCESS/);
});

test("alerts fire when they should and not before", { skip }, () => {
  assert.match(
    execFileSync(promtool ?? "", ["test", "rules", join(golden, "alerts.test.yaml")], { encoding: "utf8" }),
    /SUCCESS/,
  );
});

test("the tests of the alerts make every alert fire", () => {
  const { tests } = parse(readFileSync(join(golden, "alerts.test.yaml"), "utf8")) as {
    tests: readonly { alert_rule_test: readonly { alertname: string; exp_alerts?: readonly unknown[] }[] }[];
  };
  const fired = tests.flatMap(({ alert_rule_test }) => alert_rule_test.filter(({ exp_alerts }) => exp_alerts?.length));
  assert.deepEqual(
    [...new Set(fired.map(({ alertname }) => alertname))].toSorted(),
    alertsOf("shop")
      .map(({ name }) => name)
      .toSorted(),
  );
});
