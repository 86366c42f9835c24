import assert from "node:assert/strict";
import test from "node:test";
import { pendingOperations, withoutPending } from "../../../pulumi-cli/pending-operations";

const operation = {
  type: "creating",
  resource: { urn: "urn:pulumi:local::x", type: "tenantry:index:Outbox", custom: true },
};

test("finds the pending operations of a killed run in the checkpoint", () => {
  const checkpoint = { version: 3, checkpoint: { latest: { pending_operations: [operation] } } };
  assert.deepEqual(
    pendingOperations(JSON.stringify(checkpoint)).map(({ resource }) => resource.urn),
    ["urn:pulumi:local::x"],
  );
});

test("finds none in a clean, an empty or a damaged checkpoint", () => {
  for (const text of ['{"checkpoint":{"latest":{"resources":[]}}}', '{"checkpoint":{"latest":null}}', "", "{"]) {
    assert.deepEqual(pendingOperations(text), []);
  }
});

test("removes only the pending operations from an export", () => {
  const exported = {
    version: 3,
    deployment: { manifest: { time: "t" }, resources: [1], pending_operations: [operation] },
  };
  assert.deepEqual(JSON.parse(withoutPending(JSON.stringify(exported))), {
    version: 3,
    deployment: { manifest: { time: "t" }, resources: [1], pending_operations: [] },
  });
});
