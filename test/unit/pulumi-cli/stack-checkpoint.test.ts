import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { restoreCheckpoint } from "../../../pulumi-cli/stack-checkpoint";

function restored(checkpoint: string, before: string): string {
  const state = mkdtempSync(join(tmpdir(), "tenantry-checkpoint-"));
  const stacks = join(state, ".pulumi", "stacks", "tenantry");
  mkdirSync(stacks, { recursive: true });
  writeFileSync(join(stacks, "dev.json"), checkpoint);
  writeFileSync(join(stacks, "dev.json.bak"), before);
  restoreCheckpoint(state, "dev");
  return readFileSync(join(stacks, "dev.json"), "utf8");
}

test("replaces a cut-off checkpoint by the previous one", () => {
  assert.equal(restored('{"version": 3, "chec', '{"version":3}'), '{"version":3}');
  assert.equal(restored("", '{"version":3}'), '{"version":3}');
});

test("keeps a complete checkpoint", () => {
  assert.equal(restored('{"version":4}', '{"version":3}'), '{"version":4}');
});

test("keeps the checkpoint if the previous one is broken too", () => {
  assert.equal(restored('{"version": 3, "chec', "{"), '{"version": 3, "chec');
});
