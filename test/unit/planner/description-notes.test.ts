import assert from "node:assert/strict";
import test from "node:test";
import { descriptionSchema } from "../../../architecture/description";
import { descriptionNotes } from "../../../planner/description-notes";
import { planFor } from "../../../planner/planner";
import { workloadSchema } from "../../../planner/workload";

const { values } = planFor(
  workloadSchema.parse({
    tenants: { now: 60_000, largest: "1 %" },
    writes: 6_000,
    events: 8_000,
    retention: { hot: "1 month", events: "3 days" },
  }),
);
const notesOf = (rest: object) =>
  descriptionNotes(descriptionSchema.parse({ tenant: { table: "tenants" }, tables: {}, ...rest }), values);

test("notes nothing where the description leaves values to the plan", () => {
  const tables = { orders: { tenant: true, partition: { by: "placed_at" } } };
  assert.deepEqual(notesOf({ tables, events: { aggregates: { order: {} } } }), []);
});

test("notes fewer topic partitions, a shorter retention and longer table partitions, with their cost", () => {
  const tables = { orders: { tenant: true, partition: { by: "placed_at", every: "1 month" } } };
  const notes = notesOf({ tables, events: { aggregates: { order: { partitions: 6, retention: "1 day" } } } });
  assert.equal(notes.length, 3);
  assert.match(notes[0] ?? "", /topic of `order` 6 partitions, the plan 84 .*may not catch up/);
  assert.match(notes[1] ?? "", /events of `order` for 1 day, the plan for 72 hours: a consumer that is away/);
  assert.match(notes[2] ?? "", /longer than the plan's 1 day: `orders` \(1 month\)/);
});

test("notes nothing where the description has more than the plan", () => {
  assert.deepEqual(notesOf({ events: { aggregates: { order: { partitions: 200, retention: "30 days" } } } }), []);
});
