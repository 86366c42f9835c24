import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { command, planOfStack } from "../../../cli/plan";
import { Problems } from "../../../common/problem";
import { renderDiagram } from "../../../planner/diagram";
import { parsePlanFile } from "../../../planner/plan-file";
import { planJson, planMarkdown, planTable, sections } from "../../../planner/plan-report";
import { planFor } from "../../../planner/planner";
import { loadSettings } from "../../../settings/stack-file";
import { matchesGolden } from "../golden";

const root = join(__dirname, "..", "..", "..");
const examples = ["8-tenants", "500-tenants", "100000-tenants"] as const;
const fileOf = (name: string) => join(root, "examples", "workloads", `${name}.yaml`);

function planOf(name: string) {
  const { workload, plan } = parsePlanFile({ path: fileOf(name), text: readFileSync(fileOf(name), "utf8") });
  return planFor(workload, plan);
}

async function refusal(...argv: string[]): Promise<string> {
  const error: unknown = await command()
    .parseAsync(argv, { from: "user" })
    .catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Problems);
  return error.message;
}

test("prints every value once", () => {
  const printed = sections.flatMap(({ rows }) => rows.map(([, name]) => name));
  assert.deepEqual(printed.toSorted(), Object.keys(planOf("8-tenants").values).toSorted());
});

test("the plans in docs/plan.md equal the output of the command", () => {
  const document = readFileSync(join(root, "docs", "plan.md"), "utf8");
  for (const name of examples) {
    assert.ok(document.includes(planTable(planOf(name)).trimEnd()), `\`tenantry plan --workload ${name}.yaml\``);
    assert.ok(document.includes(readFileSync(fileOf(name), "utf8").trimEnd()), `examples/workloads/${name}.yaml`);
  }
});

for (const name of examples) {
  test(`the diagram of ${name} equals the reviewed golden file`, () =>
    matchesGolden(join(root, "docs", "plan", `${name}.svg`), renderDiagram(planOf(name))));
}

test("a diagram loads nothing from other servers", () => {
  assert.doesNotMatch(renderDiagram(planOf("8-tenants")).replace(/xmlns="[^"]*"/, ""), /https?:|href|@import/);
});

test("JSON has every value with reason, formula and inputs", () => {
  const { values } = JSON.parse(planJson(planOf("500-tenants")));
  assert.deepEqual(Object.keys(values.workers), ["value", "unit", "reason", "formula", "inputs"]);
});

test("Markdown has formulas, and the consequences of the stack's own values", () => {
  const markdown = planMarkdown(planOf("100000-tenants"));
  assert.match(markdown, /\| Workers \| \*\*19 workers\*\* \|/);
  assert.match(markdown, /max\(2, by cores, by storage, by events\)/);
  assert.match(markdown, /Broker: storage: 2,048 GiB instead of 2,560 GiB \(-20 %\)/);
});

test("writes the diagram to the given file", async (context) => {
  const file = join(mkdtempSync(join(tmpdir(), "tenantry-plan-")), "plan.svg");
  context.mock.method(process.stdout, "write", () => true);
  await command().parseAsync(["--workload", fileOf("8-tenants"), "--svg", file], { from: "user" });
  assert.equal(readFileSync(file, "utf8"), renderDiagram(planOf("8-tenants")));
});

test("rejects both and neither of stack and file", async () => {
  assert.match(await refusal(), /one of `-s STACK` and `--workload FILE`/);
  assert.match(await refusal("-s", "dev", "--workload", "x.yaml"), /one of/);
});

test("rejects --json together with --markdown", async () => {
  assert.match(await refusal("-s", "dev", "--json", "--markdown"), /Leave one out/);
});

test("names the key `tenantry:workload` for a stack without a workload", async () => {
  assert.match(await refusal("-s", "local"), /Add the key `tenantry:workload`/);
});

test("names a missing file", async () => {
  assert.match(await refusal("--workload", "nowhere.yaml"), /^nowhere.yaml: There is no such file/);
});

const fewTenants = `  tenantry:workload:
    tenants: { now: 6, inAYear: 8, largest: 40 % }
    writes: 50
    retention: { hot: 3 months }
`;

test("plans for a stack without tenants, and for one that `up` refuses, with a warning", async () => {
  const notes = async (text: string) => {
    const { values, warnings } = await planOfStack("dev", { folder: stackFolder(text, "ecommerce") });
    assert.equal(values.model.value, "silo");
    return warnings.filter((warning) => warning.includes("`tenantry up` refuses for now"));
  };
  assert.match(
    (await notes(fewTenants)).join("\n"),
    /Nothing says which tenants there are[\s\S]*Add the key `tenantry:tenants`/,
  );
  const kubernetes = "  tenantry:platform: kubernetes\n  tenantry:kubernetes: { context: a, namespace: b }\n";
  assert.match((await notes(`${kubernetes}${fewTenants}`)).join("\n"), /not on Kubernetes/);
  assert.deepEqual(await notes(`${fewTenants}  tenantry:tenants: []\n`), []);
});

const noSecrets = () => assert.fail("nothing here is secret");

function stackFolder(text: string, application = "shop"): string {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-plan-"));
  writeFileSync(join(folder, "Pulumi.dev.yaml"), `config:\n  tenantry:application: ${application}\n${text}`);
  return folder;
}

test("reads a stack's workload and the values that the stack sets", async () => {
  const folder = stackFolder(`  tenantry:workload:
    tenants: { now: 80, largest: 5 % }
    writes: 50
    retention: { hot: 3 months }
  tenantry:plan: { workers: 5 }
  tenantry:tenants: []
`);
  const { workload, plan } = await loadSettings("dev", noSecrets, folder);
  assert.equal(workload?.writes, 50);
  assert.deepEqual(plan, { workers: 5 });
});

test("reports every error in a stack's workload with its place", async () => {
  const folder = stackFolder("  tenantry:workload: { writes: many }\n  tenantry:plan: { worker: 5 }\n");
  await assert.rejects(loadSettings("dev", noSecrets, folder), (error: Error) => {
    assert.match(error.message, /Pulumi\.dev\.yaml:3:32: `config\.tenantry:workload\.writes` cannot be read/);
    assert.match(error.message, /`config\.tenantry:workload\.tenants` is missing/);
    assert.match(error.message, /has no key `worker`/);
    return true;
  });
});
