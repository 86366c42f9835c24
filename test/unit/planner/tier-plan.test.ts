import assert from "node:assert/strict";
import test from "node:test";
import { renderDiagram } from "../../../planner/diagram";
import { planJson, planMarkdown, planTable } from "../../../planner/plan-report";
import { planFor } from "../../../planner/planner";
import { measuredRates, parseRates } from "../../../planner/rates";
import { withoutStore } from "../../../planner/tier-plan";
import { type Workload, workloadSchema } from "../../../planner/workload";

function workload(retention: Readonly<Record<string, string>>, writes = 100): Workload {
  return workloadSchema.parse({
    tenants: { now: 200, largest: "5 %" },
    writes,
    rowSize: "512 B",
    retention,
  });
}

const three = { hot: "30 days", warm: "90 days", cold: "365 days" };

test("sizes each tier by its rows, its ratio and its copies, and prices it", () => {
  const { tiers, values } = planFor(workload(three));
  assert.deepEqual(
    tiers.map(({ name, rows, copies }) => [name, rows, copies]),
    [
      ["hot", 100 * 30 * 86_400, values.replicas.value],
      ["warm", 100 * 60 * 86_400, values.replicas.value],
      ["cold", 100 * 275 * 86_400, 1],
    ],
  );
  const [hot, warm, cold] = tiers.map(({ gibibytes }) => gibibytes);
  const gib = (rows: number, ratio: number) => Math.round(((rows * 512 * 2 * ratio) / 2 ** 30) * 1_000) / 1_000;
  assert.deepEqual([hot, warm, cold], [gib(259_200_000, 1), gib(518_400_000, 1 / 3), gib(2_376_000_000, 1 / 8)]);
  assert.equal(tiers[2]?.dollarsAMonth, Math.round(gib(2_376_000_000, 1 / 8) * 0.025 * 1_000) / 1_000);
  assert.equal(tiers[0]?.dollarsAMonth.toFixed(1), ((hot ?? 0) * values.replicas.value * 0.1).toFixed(1));
});

test("plans the tiers that a retention has, each from the end of the one before", () => {
  const names = (retention: Readonly<Record<string, string>>) =>
    planFor(workload(retention)).tiers.map(({ name, from }) => [name, from?.count]);
  assert.deepEqual(names({ hot: "30 days" }), [["hot", undefined]]);
  assert.deepEqual(names({ hot: "30 days", cold: "365 days" }), [
    ["hot", undefined],
    ["cold", 30],
  ]);
});

test("counts with a team's own ratios and prices", () => {
  const rates = parseRates({
    path: "rates.yaml",
    text: "warmRatio: 0.5\ncoldRatio: 0.25\nstorePrice: 0\nvolumePrice: 0.2\n",
  });
  const ours = planFor(workload(three)).tiers;
  const theirs = planFor(workload(three), {}, rates).tiers;
  assert.equal(theirs[2]?.dollarsAMonth, 0);
  assert.equal(Math.round(((theirs[2]?.gibibytes ?? 0) / (ours[2]?.gibibytes ?? 1)) * 100), 200);
  assert.equal(Math.round(((theirs[0]?.dollarsAMonth ?? 0) / (ours[0]?.dollarsAMonth ?? 1)) * 100), 200);
  assert.throws(
    () => parseRates({ path: "rates.yaml", text: "coldRatio: 2\nstorePrice: -1\n" }),
    /at most 1[\s\S]*from 0 to 1000/,
  );
});

test("sizes the volumes by the same warm ratio as the tier", () => {
  const storage = (rates = measuredRates) => {
    const { values } = planFor(workload({ hot: "30 days", warm: "300 days" }, 2_000), {}, rates);
    return values.workers.value * values.workerStorage.value;
  };
  assert.ok(storage({ ...measuredRates, warmRatio: 0.01 }) < storage());
});

test("warns of a tier that is shorter than a partition", () => {
  const { warnings, values } = planFor(workload({ hot: "60 days", warm: "70 days", cold: "75 days" }), {
    dataInterval: "1 month",
  });
  assert.equal(values.dataInterval.value, "1 month");
  const said = warnings.filter((warning) => warning.includes("moves as a whole"));
  assert.deepEqual(
    said.map((warning) => /^The \w+ tier lasts from \d+ days to \d+ days/.exec(warning)?.[0]),
    ["The warm tier lasts from 60 days to 70 days", "The cold tier lasts from 70 days to 75 days"],
  );
  assert.ok(!planFor(workload(three)).warnings.some((warning) => warning.includes("moves as a whole")));
});

test("says what rows cost that stay in the database for want of a store", () => {
  const { tiers } = planFor(workload(three));
  const said = withoutStore(tiers, measuredRates) ?? "";
  assert.match(said, /until 365 days and are dropped then/);
  const more = (2_376_000_000 * 1024) / 2 ** 30;
  assert.ok(said.includes(`up to ${Math.ceil(more).toLocaleString("en")} GiB more`), said);
  assert.equal(withoutStore(planFor(workload({ hot: "30 days", warm: "90 days" })).tiers, measuredRates), undefined);
});

test("shows tiers in the table, the document, the JSON and the diagram", () => {
  const plan = planFor(workload(three));
  assert.match(planTable(plan), /TIERS OF TABLES BY TIME[\s\S]*Hot rows[\s\S]*Warm rows[\s\S]*Cold rows/);
  assert.match(
    planMarkdown(plan),
    /### Tiers of tables by time[\s\S]*\| Cold rows \| \*\*[\d,.]+ GiB, \$ [\d.]+ a month\*\* \|/,
  );
  assert.deepEqual(
    (JSON.parse(planJson(plan)) as typeof plan).tiers.map(({ name }) => name),
    ["hot", "warm", "cold"],
  );
  assert.match(renderDiagram(plan), />Rows: hot up to 30 days, [^<]*; warm [^<]*; cold 90 days to 365 days, [^<]*\.</);
});
