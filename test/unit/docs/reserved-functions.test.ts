import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { reaches, reservedFunctions } from "../../../architecture/reserved-functions";

const page = readFileSync(join(__dirname, "..", "..", "..", "docs", "tenant-isolation.md"), "utf8");

test("docs/tenant-isolation.md lists every reserved function in its group, with its harm", () => {
  for (const group of reaches) {
    const { functions, extensions = [], harm } = reservedFunctions[group];
    const line = page.split("\n").find((each) => each.startsWith(`| \`${group}\`:`)) ?? "";
    for (const name of [...functions, ...extensions]) assert.ok(line.includes(`\`${name}\``), `${group}: ${name}`);
    assert.ok(line.includes(harm), group);
  }
});

test("every function is in only one group", () => {
  const names = reaches.flatMap((group) => reservedFunctions[group].functions);
  assert.deepEqual([...new Set(names)], names);
});
