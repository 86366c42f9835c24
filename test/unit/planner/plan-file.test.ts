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

test("fills in the defaults of a minimal workload", () => {
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

test("reads numbers that Pulumi wrote back as strings", () => {
  const { workload, plan } = parse(`${least.replace("50", '"50"')}plan: { workers: "5" }\n`);
  assert.equal(workload.writes, 50);
  assert.deepEqual(plan, { workers: 5 });
});

test("reports all problems together, each at its place", () => {
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

test("rejects a largest tenant below the average", () => {
  const message = refusal(least.replace("5 %", "1 %"));
  assert.match(message, /at least 1\.25 %: the largest of 80 tenants cannot be below their average/);
});

test("rejects a cold tier that ends before the warm one", () => {
  const message = refusal(least.replace("3 months", "3 months, warm: 2 years, cold: 1 year"));
  assert.match(message, /`workload.retention.cold` cannot be read/);
});

test("names missing keys", () => {
  const message = refusal("workload: { writes: 5 }\n");
  assert.match(message, /`workload.tenants` is missing/);
  assert.match(message, /`workload.retention` is missing/);
});

test("rejects a file without a workload", () => {
  assert.match(refusal("{}\n"), /`workload` is missing/);
});

test("rejects counts below their minimum", () => {
  assert.match(refusal(`${least}plan: { replicas: 0 }\n`), /a whole number from 1 to 10000000/);
});
