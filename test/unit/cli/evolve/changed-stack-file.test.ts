import assert from "node:assert/strict";
import test from "node:test";
import { writePhase } from "../../../../cli/evolve/changed-stack-file";

const text = `# The stack.
config:
  tenantry:application: shop # ours
  tenantry:endpoints:
    file: ../endpoints.yaml
`;

test("writes the first phase, the next one, and takes the change out again, with every comment kept", () => {
  const begun = writePhase(text, "085_cents", "expand");
  assert.equal(begun, `${text}  tenantry:changes:\n    085_cents: expand\n`);
  const next = writePhase(begun, "085_cents", "dual-write");
  assert.equal(next, `${text}  tenantry:changes:\n    085_cents: dual-write\n`);
  assert.equal(writePhase(next, "085_cents", undefined), text);
});

test("leaves other changes in the file", () => {
  const two = writePhase(writePhase(text, "085_cents", "contract"), "090_name", "expand");
  assert.equal(writePhase(two, "090_name", undefined), writePhase(text, "085_cents", "contract"));
});
