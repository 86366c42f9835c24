import assert from "node:assert/strict";
import test from "node:test";
import { figure, type Report, renderReport, reportJson } from "../../../bench/bench-report";
import { isReached, type Measurement, ofRounds } from "../../../bench/measurement";

const named = { what: "outbox to Kafka", against: "pg_recvlogical", unit: "events/s" } as const;
const fast: Measurement = { ...named, target: { atLeast: 0.85 }, ours: 45_000, theirs: 50_000, ratio: 0.9 };
const slow: Measurement = { ...named, unit: "ms", target: { atMost: 0.1 }, ours: 80, theirs: 400, ratio: 0.2 };
const shown: Measurement = { ...named, what: "fresh worker", ours: 1, theirs: 2, ratio: 0.5 };
const report: Report = {
  date: "2026-01-02T03:04:05.678Z",
  cores: 2,
  load: { before: 1.234, after: 12.34 },
  postgres: "15.13",
  citus: false,
  measurements: [fast, slow, shown],
};

test("the ratio is the median of the rounds' ratios, not the ratio of the medians", () => {
  const rounds = [
    { ours: 10, theirs: 100 },
    { ours: 90, theirs: 100 },
    { ours: 40, theirs: 50 },
  ];
  const { ours, theirs, ratio } = ofRounds(named, rounds);
  assert.deepEqual({ ours, theirs, ratio }, { ours: 40, theirs: 100, ratio: 0.8 });
});

test("a ratio that equals its target reaches it, for upper and lower limits", () => {
  assert.equal(isReached({ ...fast, ratio: 0.85 }), true);
  assert.equal(isReached({ ...fast, ratio: 0.84 }), false);
  assert.equal(isReached({ ...slow, ratio: 0.1 }), true);
  assert.equal(isReached({ ...slow, ratio: 0.11 }), false);
});

test("a measurement without a target is neither reached nor missed, and NaN is missed", () => {
  assert.equal(isReached(shown), undefined);
  assert.equal(isReached({ ...fast, ratio: Number.NaN }), false);
  assert.equal(isReached({ ...slow, ratio: Number.NaN }), false);
});

test("the table shows both figures, the ratio, the target, the result and the load", () => {
  const text = renderReport(report);
  assert.match(
    text,
    /outbox to Kafka.*45000 events\/s.*pg_recvlogical.*50000 events\/s.*0\.900.*at least 0\.85.*reached/,
  );
  assert.match(text, /80\.0 ms.*400 ms.*0\.200.*at most 0\.1.*missed/);
  assert.match(text, /PostgreSQL 15\.13, 2 cores, load average 1\.23 before and 12\.3 after/);
});

test("the JSON has the result of each measurement", () => {
  const parsed = JSON.parse(reportJson(report)) as { measurements: { reached?: boolean }[]; load: { before: number } };
  assert.deepEqual(
    parsed.measurements.map(({ reached }) => reached),
    [true, false, undefined],
  );
  assert.equal(parsed.load.before, 1.234);
});

test("figures have three digits, and NaN has none", () => {
  assert.deepEqual([1234.5, 12.34, 1.234, 0.1234, Number.NaN].map(figure), ["1235", "12.3", "1.23", "0.123", "-"]);
});
