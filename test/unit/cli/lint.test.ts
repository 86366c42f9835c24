import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { run } from "../../../cli/lint";
import type { Format } from "../../../cli/lint-format";
import { root } from "../../../local/checkout";

const bad = "SELECT 1;\nALTER TABLE customers DROP COLUMN phone;\n";
const what = "Dropping column `customers.phone` breaks every running release that reads or writes it";

async function lintFiles(files: Readonly<Record<string, string>>, format: Format = "text") {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-lint-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    let printed = "";
    const code = await run([folder], format, (text) => {
      printed += text;
    });
    return { code, printed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("findings end with 1: place, line, harm, fix, rule and its page", async () => {
  const { code, printed } = await lintFiles({ "a/b.sql": bad });
  assert.equal(code, 1);
  assert.match(printed, /a\/b\.sql:2:\d+: Dropping column `customers\.phone` breaks/);
  assert.match(printed, /\n {2}fix: {6}Contract in a release of its own/);
  assert.match(printed, /\n {2}rule: {5}drop-column \(error\): docs\/rules\/drop-column\.md\n\n1 error, 0 warnings\n$/);
});

test("nothing found ends with 0", async () => {
  assert.deepEqual(await lintFiles({ "a.sql": "SELECT 1;" }), { code: 0, printed: "Nothing found.\n" });
  assert.deepEqual(await lintFiles({ "a.sql": "SELECT 1;" }, "json"), { code: 0, printed: "[]\n" });
  assert.deepEqual(await lintFiles({ "a.sql": "SELECT 1;" }, "github"), { code: 0, printed: "" });
});

test("paths that lead nowhere, or to nothing that can be linted, end with 2", async (t) => {
  const errors = t.mock.method(console, "error", () => undefined);
  assert.equal(await run(["/nowhere/at/all"], "text"), 2);
  assert.match(String(errors.mock.calls[0]?.arguments[0]), /There is no such file or folder/);
  assert.equal((await lintFiles({ "a.txt": "" })).code, 2);
  assert.match(String(errors.mock.calls[1]?.arguments[0]), /There is nothing to lint/);
});

test("json has one object a finding", async () => {
  const [finding, ...others] = JSON.parse((await lintFiles({ "b.sql": bad }, "json")).printed);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [finding.rule, finding.severity, finding.line, finding.what, finding.page],
    ["drop-column", "error", 2, what, "docs/rules/drop-column.md"],
  );
});

test("sarif names the rule, the level and the region", async () => {
  const sarif = JSON.parse((await lintFiles({ "b.sql": bad }, "sarif")).printed);
  const [result] = sarif.runs[0].results;
  assert.deepEqual([sarif.version, result.ruleId, result.level], ["2.1.0", "drop-column", "error"]);
  assert.equal(result.locations[0].physicalLocation.region.startLine, 2);
});

test("github writes a workflow command a finding", async () => {
  const { printed } = await lintFiles({ "b.sql": bad }, "github");
  assert.match(printed, /^::error file=\S+b\.sql,line=2,col=\d+,title=drop-column::Dropping column/);
});

test("the repository's own code, examples and benchmarks are clean", async () => {
  const rooms =
    "architecture bench cli client components connectors examples kafka local provider stacks verify index.ts";
  let printed = "";
  const code = await run(
    rooms.split(" ").map((room) => join(root, room)),
    "text",
    (text) => {
      printed += text;
    },
  );
  assert.deepEqual([code, printed], [0, "Nothing found.\n"]);
});

test("without paths every application in sql/ is linted, and the toolkit's are clean", async () => {
  let printed = "";
  const code = await run([], "text", (text) => {
    printed += text;
  });
  assert.deepEqual([code, printed], [0, "Nothing found.\n"]);
});
