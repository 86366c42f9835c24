import assert from "node:assert/strict";
import test from "node:test";
import { ownerProblems } from "../../../cluster/namespace";

const place = { context: "kind-tenantry", namespace: "tenantry", stack: "kind" };

test("a namespace with the stack's label is its own", () => {
  assert.deepEqual(ownerProblems({ "tenantry.io/stack": "kind" }, place), []);
});

test("a namespace without the label is refused, and the fix gives it to the stack", () => {
  const [problem] = ownerProblems({ team: "shop" }, place);
  assert.match(problem?.what ?? "", /`tenantry` is there already, and does not belong to the stack `kind`/);
  assert.match(
    problem?.fix ?? "",
    /kubectl --context kind-tenantry label namespace tenantry tenantry\.io\/stack=kind`$/,
  );
});

test("a namespace of another stack is named with that stack", () => {
  const [problem] = ownerProblems({ "tenantry.io/stack": "dev" }, place);
  assert.equal(problem?.got, "it belongs to the stack `dev`");
  assert.match(problem?.fix ?? "", / --overwrite`$/);
});
