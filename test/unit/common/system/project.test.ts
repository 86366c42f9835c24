import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { root } from "../../../../common/system/checkout";

/** The project that a process of the toolkit works on, started in a folder. */
function projectOf(folder: string): string {
  const script = `console.log(require(${JSON.stringify(join(root, "common/system/project.ts"))}).projectRoot)`;
  const tsx = join(root, "node_modules/tsx/dist/cjs/index.cjs");
  return execFileSync(process.execPath, ["--require", tsx, "-e", script], { cwd: folder, encoding: "utf8" }).trim();
}

test("the project is the nearest folder above with a Pulumi.yaml, or else the checkout", (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tenantry-project-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "sql", "shop"), { recursive: true });
  assert.equal(projectOf(join(folder, "sql")), root);
  writeFileSync(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
  assert.equal(projectOf(folder), folder);
  assert.equal(projectOf(join(folder, "sql", "shop")), folder);
});
