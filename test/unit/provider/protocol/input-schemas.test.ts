import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { duration, fromWire, toWire } from "../../../../provider/protocol/input-schemas";
import { lasting } from "../../lasting";

const set = { table: "orders", every: lasting("1 month"), retention: lasting("2 years"), ahead: 4 };
const wire = { table: "orders", every: "1 month", retention: "2 years", ahead: 4 };

test("writes durations as text, and reads them back", () => {
  assert.deepEqual(toWire("PartitionSet", set), wire);
  assert.deepEqual(fromWire("PartitionSet", wire), set);
});

test("passes on text from a program, and leaves out properties that the program leaves out", () => {
  assert.deepEqual(toWire("PartitionSet", { every: "4 weeks" }), { every: "4 weeks" });
  assert.deepEqual(toWire("Migration", { retention: "1 month" }), { retention: "1 month" });
});

test("reads and writes an interval in a state that is no duration", () => {
  const state = { retention: "1 mon 3 days" };
  assert.deepEqual(fromWire("ProcessedEvents", state), { retention: { printed: "1 mon 3 days" } });
  assert.deepEqual(toWire("ProcessedEvents", fromWire("ProcessedEvents", state)), state);
  assert.deepEqual(z.encode(z.object({ retention: duration }), { retention: { printed: "1 mon" } as never }), {
    retention: "1 mon",
  });
});

test("rejects text that is no duration, with the accepted forms", () => {
  const { error } = duration.safeParse("often");
  assert.match(error?.issues[0]?.message ?? "", /a whole number and a unit/);
});
