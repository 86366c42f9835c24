import assert from "node:assert/strict";
import test from "node:test";
import { isComplete, renderSummary } from "../../../cli/demo";
import type { Summary } from "../../../examples/ecommerce/demo";

const summary: Summary = {
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

test("the summary says what was written, what came, and that nothing is missing", () => {
  const text = renderSummary(summary);
  assert.match(text, /10 orders, 8 payments of 2 tenants, 42 transactions\/s/);
  assert.match(text, /18 of 18 events, 0 missing, 0 twice/);
  assert.match(text, /p50 18 ms, p99 41 ms/);
  assert.match(text, /Every order and payment that committed is on Kafka once and in the read model\.$/);
});

test("whatever is missing, twice, wrong or parked makes the demo fail, and a run without events does too", () => {
  assert.equal(isComplete(summary), true);
  const wrong: Partial<Summary>[] = [
    { events: { written: 18, seen: 17, missing: 1, twice: 0 } },
    { events: { written: 18, seen: 18, missing: 0, twice: 1 } },
    { summaries: { projected: 9, missing: 1, wrongStatus: 0 } },
    { summaries: { projected: 10, missing: 0, wrongStatus: 1 } },
    { parked: 1 },
    { events: { written: 0, seen: 0, missing: 0, twice: 0 } },
  ];
  for (const each of wrong) assert.equal(isComplete({ ...summary, ...each }), false, JSON.stringify(each));
});
