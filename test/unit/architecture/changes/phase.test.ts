import assert from "node:assert/strict";
import test from "node:test";
import { pathBetween } from "../../../../architecture/changes/phase";

test("walks forwards, backwards and nowhere", () => {
  assert.deepEqual(pathBetween(undefined, "backfill"), ["expand", "dual-write", "backfill"]);
  assert.deepEqual(pathBetween("backfill", "expand"), ["dual-write", "expand"]);
  assert.deepEqual(pathBetween("expand", undefined), [undefined]);
  assert.deepEqual(pathBetween("contract", "contract"), []);
});
