import assert from "node:assert/strict";
import test from "node:test";
import { ownerProblems } from "../../../cluster/namespace";

const place = { context: "kind-tenantry", namespace: "tenantry", stack: "kind" };

test("accepts a namespace with the stack's label", () => {
  assert.deepEqual(ownerProblems({ "tenantry.io/stack": "kind" }, place), []);
});

test("rejects a namespace without the label, with the command that labels it as the fix", () => {
  const [problem] = ownerProblems({ team: "shop" }, place);
  assert.match(problem?.what ?? "", /`tenantry` exists already and does not belong to the stack `kind`/);
  assert.match(
    problem?.fix ?? "",
    /kubectl --context kind-tenantry label namespace tenantry tenantry\.io\/stack=kind`$/,
  );
});

test("names the stack that owns the namespace", () => {
  const [problem] = ownerProblems({ "tenantry.io/stack": "dev" }, place);
  assert.equal(problem?.got, "it belongs to the stack `dev`");
  assert.match(problem?.fix ?? "", / --overwrite`$/);
});
