import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

const root = join(__dirname, "../../..");
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
const [, section = ""] = /\n## The path of a value\n(.*?)\n## /s.exec(page) ?? [];

for (const value of ["retention", "workers"]) {
  test(`docs/architecture.md leads ${value} through 15 files at most, and its words are found in them`, () => {
    const [, path = ""] = section.split(`How \`${value}\``);
    const steps = [...(path.split("\n\n")[1] ?? "").matchAll(/^\d+\. `([^`]+)`: `([^`]+)`/gm)];
    assert.ok(steps.length > 5 && steps.length <= 15, String(steps.length));
    for (const [, file = "", word = ""] of steps) {
      assert.ok(readFileSync(join(root, file), "utf8").includes(word), `${file} has no \`${word}\``);
    }
  });
}
