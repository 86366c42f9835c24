import assert from "node:assert/strict";
import test from "node:test";
import { formatInterval, parseInterval, sameInterval } from "../../../../provider/partitions/interval";
import { lasting } from "../../lasting";

test("parses the forms in which PostgreSQL prints an interval", () => {
  const printed = ["1 mon", "3 mons", "7 days", "1 year", "2 years", "01:00:00", "00:30:00", "00:00:45", "100:00:00"];
  assert.deepEqual(printed.map(parseInterval), [
    ...["1 month", "3 months", "7 days", "1 year", "2 years", "1 hour", "30 minutes", "45 seconds", "100 hours"].map(
      lasting,
    ),
  ]);
});

test("keeps the printed form of an interval that is no duration", () => {
  for (const printed of ["1 mon 3 days", "00:00:00", "-1 days", "1 day 01:00:00", "00:00:00.5"]) {
    assert.deepEqual(parseInterval(printed), { printed });
    assert.equal(formatInterval(parseInterval(printed)), printed);
  }
});

test("compares intervals as PostgreSQL does: a week equals seven days, but a month equals no number of days", () => {
  assert.ok(sameInterval(lasting("1 week"), lasting("7 days")));
  assert.ok(sameInterval(lasting("1 year"), lasting("12 months")));
  assert.ok(sameInterval(lasting("1 day"), lasting("1 d")));
  assert.ok(sameInterval(lasting("1 hour"), lasting("60 minutes")));
  assert.ok(sameInterval(undefined, undefined));
  assert.ok(sameInterval({ printed: "1 mon 3 days" }, { printed: "1 mon 3 days" }));
  assert.ok(!sameInterval(lasting("1 month"), { printed: "1 mon 3 days" }));
  assert.ok(!sameInterval(lasting("1 month"), lasting("30 days")));
  assert.ok(!sameInterval(lasting("1 month"), undefined));
});
