import assert from "node:assert/strict";
import test from "node:test";
import { pendingOperations, withoutPending } from "../../../pulumi-cli/pending-operations";

const operation = {
  type: "creating",
  resource: { urn: "urn:pulumi:local::x", type: "tenantry:index:Outbox", custom: true },
};

test("what a killed run had begun is found in the checkpoint", () => {
  const checkpoint = { version: 3, checkpoint: { latest: { pending_operations: [operation] } } };
  assert.deepEqual(
    pendingOperations(JSON.stringify(checkpoint)).map(({ resource }) => resource.urn),
    ["urn:pulumi:local::x"],
  );
});

test("a checkpoint without any, an empty one and a damaged one have none", () => {
  for (const text of ['{"checkpoint":{"latest":{"resources":[]}}}', '{"checkpoint":{"latest":null}}', "", "{"]) {
    assert.deepEqual(pendingOperations(text), []);
  }
});

test("an export keeps everything but the operations that were begun", () => {
  const exported = {
    version: 3,
    deployment: { manifest: { time: "t" }, resources: [1], pending_operations: [operation] },
  };
  assert.deepEqual(JSON.parse(withoutPending(JSON.stringify(exported))), {
    version: 3,
    deployment: { manifest: { time: "t" }, resources: [1], pending_operations: [] },
  });
});
