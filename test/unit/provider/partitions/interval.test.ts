import assert from "node:assert/strict";
import test from "node:test";
import { durationOfInterval, durationText, sameDuration } from "../../../../provider/partitions/interval";

test("what PostgreSQL prints of an interval becomes a duration as users write it", () => {
  const printed = ["1 mon", "3 mons", "7 days", "1 year", "2 years", "01:00:00", "00:30:00", "00:00:45", "100:00:00"];
  assert.deepEqual(printed.map(durationOfInterval), [
    ...["1 month", "3 months", "7 days", "1 year", "2 years", "1 hour", "30 minutes", "45 seconds", "100 hours"],
  ]);
});

test("an interval that is no duration stays as it is printed", () => {
  assert.equal(durationOfInterval("1 mon 3 days"), "1 mon 3 days");
});

test("a week is seven days and a year twelve months, but a month is no number of days", () => {
  assert.ok(sameDuration("1 week", "7 days"));
  assert.ok(sameDuration("1 year", "12 months"));
  assert.ok(sameDuration("1 day", "1 d"));
  assert.ok(sameDuration("1 hour", "60 minutes"));
  assert.ok(sameDuration(undefined, undefined));
  assert.ok(!sameDuration("1 month", "30 days"));
  assert.ok(!sameDuration("1 month", undefined));
});

test("text that is no duration is refused, and what is accepted is said", () => {
  const { error } = durationText.safeParse("often");
  assert.match(error?.issues[0]?.message ?? "", /a whole number and a unit/);
});
