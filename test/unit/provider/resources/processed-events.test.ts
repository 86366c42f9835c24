import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { type ProcessedEventsState, processedEvents } from "../../../../provider/resources/processed-events";
import { matchesGolden } from "../../golden";
import { lasting } from "../../lasting";

const wanted = {
  column: "tenant_id",
  type: "uuid",
  colocateWith: "ecommerce.tenants",
  retention: lasting("4 weeks"),
} as const;
const state: ProcessedEventsState = { ...wanted, distributed: "yes" };
const none = new Set<string>();
const golden = (name: string) => join(__dirname, "../../../golden/provider", name);

test("creates the processed events as in the golden file", () => {
  matchesGolden(golden("processed-events.sql"), `${processedEvents.preview(undefined, wanted).join(";\n")}\n`);
});

test("updates a changed retention, but not the same one in another unit", () => {
  assert.deepEqual(processedEvents.diff(state, { ...wanted, retention: lasting("28 days") }), []);
  assert.deepEqual(processedEvents.diff(state, { ...wanted, retention: lasting("1 month") }), [
    { path: "retention", how: "update" },
  ]);
  assert.match(
    processedEvents.preview(state, { ...wanted, retention: lasting("1 month") }).join(),
    /RETURN interval '1 month'/,
  );
});

test("shows a table that is not distributed, or placed elsewhere", () => {
  assert.deepEqual(processedEvents.diff({ ...state, distributed: "missing" }, wanted), [
    { path: "distributed", how: "update" },
  ]);
  assert.deepEqual(processedEvents.diff({ ...state, colocateWith: "ecommerce.others" }, wanted), [
    { path: "colocateWith", how: "update" },
  ]);
});

test("previews the deletion with the effect of the opt-in", () => {
  assert.match(processedEvents.preview(state, undefined)[0] ?? "", /"drop tenantry.processed_events"/);
});

test("rejects another tenant column", () => {
  const [problem] = processedEvents.check?.(state, { ...wanted, type: "text" }, none) ?? [];
  assert.equal(problem?.expected, "tenant_id uuid, as it is now");
});
