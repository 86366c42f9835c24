import assert from "node:assert/strict";
import test from "node:test";
import { Problems } from "../../../common/problem";
import { parsePlanFile } from "../../../planner/plan-file";

const parse = (text: string) => parsePlanFile({ path: "load.yaml", text });

function refusal(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof Problems);
    return error.message;
  }
  return assert.fail("it was accepted");
}

const least = "workload:\n  tenants: { now: 80, largest: 5 % }\n  writes: 50\n  retention: { hot: 3 months }\n";

test("a workload that says the least gets defaults", () => {
  assert.deepEqual(parse(least), {
    workload: {
      tenants: { now: 80, inAYear: 80, largest: 0.05 },
      writes: 50,
      reads: 0,
      events: 50,
      rowSize: { bytes: 512 },
      eventSize: { bytes: 1024 },
      retention: { hot: { count: 3, unit: "month" }, events: { count: 7, unit: "day" } },
      consistency: "strong",
      availability: "zone",
      budget: "balanced",
      outage: { count: 12, unit: "hour" },
    },
    plan: {},
  });
});

test("numbers that Pulumi has written back as strings are numbers", () => {
  const { workload, plan } = parse(`${least.replace("50", '"50"')}plan: { workers: "5" }\n`);
  assert.equal(workload.writes, 50);
  assert.deepEqual(plan, { workers: 5 });
});

test("all that is wrong is said at once, each at its place", () => {
  const message = refusal(`workload:
  tenants: { now: 0, largest: 5 }
  writes: many
  rowSize: 1 KB
  retention: { hot: 3 months, warm: 1 month }
  consistency: perfect
  tenant: 7
plan: { worker: 3, model: galaxy }
`);
  for (const part of [
    "load.yaml:2:19: `workload.tenants.now` cannot be read",
    "a percentage above 0 % and up to 100 %, such as `20 %`",
    "load.yaml:3:11: `workload.writes` cannot be read",
    "load.yaml:4:12: `workload.rowSize` cannot be read",
    "a row's age at its end, not the time spent in it",
    "strong, bounded or eventual",
    "load.yaml:7:3: `workload` has no key `tenant`",
    "Write `tenants`, if that is what you mean",
    "`plan` has no key `worker`",
    "shared, schema or silo",
  ])
    assert.ok(message.includes(part), `${part}\nin\n${message}`);
});

test("a largest tenant below the average is refused", () => {
  const message = refusal(least.replace("5 %", "1 %"));
  assert.match(message, /at least 1\.25 %: the largest of 80 tenants cannot be below their average/);
});

test("a cold tier that ends before the warm one is refused", () => {
  const message = refusal(least.replace("3 months", "3 months, warm: 2 years, cold: 1 year"));
  assert.match(message, /`workload.retention.cold` cannot be read/);
});

test("missing parts are named", () => {
  const message = refusal("workload: { writes: 5 }\n");
  assert.match(message, /`workload.tenants` is missing/);
  assert.match(message, /`workload.retention` is missing/);
});

test("a file without a workload is refused", () => {
  assert.match(refusal("{}\n"), /`workload` is missing/);
});

test("counts below what makes sense are refused", () => {
  assert.match(refusal(`${least}plan: { replicas: 0 }\n`), /a whole number from 1 to 10000000/);
});
