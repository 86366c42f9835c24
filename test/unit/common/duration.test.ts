import assert from "node:assert/strict";
import test from "node:test";
import { durationMs, formatDuration, parseDuration, sameDuration } from "../../../common/duration";

test("parses a whole number with a long or short unit as a duration", () => {
  assert.deepEqual(parseDuration("3 days"), { count: 3, unit: "day" });
  assert.deepEqual(parseDuration("1 Month"), { count: 1, unit: "month" });
  assert.deepEqual(parseDuration("30s"), { count: 30, unit: "second" });
  assert.deepEqual(parseDuration(" 5 min "), { count: 5, unit: "minute" });
});

test("rejects zero, fractions, signs and unknown units as durations", () => {
  for (const text of ["0 days", "1.5 h", "-1 day", "3", "days", "3 moons", "3 m", "1 day 2 hours", ""]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test("rejects durations above a thousand years, which PostgreSQL can't subtract from now", () => {
  assert.deepEqual(parseDuration("1000 years"), { count: 1000, unit: "year" });
  for (const text of ["1001 years", "99999999 years", "999999999 months", "999999999 days"]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test("writes a duration in PostgreSQL's syntax", () => {
  assert.equal(formatDuration({ count: 1, unit: "month" }), "1 month");
  assert.equal(formatDuration({ count: 12, unit: "hour" }), "12 hours");
});

test("converts a month to 30 days in milliseconds", () => {
  assert.equal(durationMs({ count: 1, unit: "month" }), 30 * 86_400_000);
});

test("a week equals 7 days, but a month equals no number of days", () => {
  assert.ok(sameDuration({ count: 2, unit: "week" }, { count: 14, unit: "day" }));
  assert.ok(sameDuration({ count: 1, unit: "year" }, { count: 12, unit: "month" }));
  assert.ok(sameDuration({ count: 1, unit: "hour" }, { count: 3_600, unit: "second" }));
  assert.ok(!sameDuration({ count: 1, unit: "month" }, { count: 30, unit: "day" }));
  assert.ok(!sameDuration({ count: 1, unit: "day" }, { count: 24, unit: "hour" }));
});
