import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { command } from "../../../cli/preview-report";
import { Problems } from "../../../common/problem";

const recorded = join(__dirname, "..", "..", "golden", "preview-report", "preview.json");

async function written(...argv: string[]): Promise<string> {
  const output = join(mkdtempSync(join(tmpdir(), "preview-report-")), "out");
  await command().parseAsync([recorded, "-o", output, ...argv], { from: "user" });
  return readFileSync(output, "utf8");
}

test("writes a comment to a file, or everything as JSON", async () => {
  assert.match(await written(), /^<!-- tenantry preview: it -->\n/);
  assert.equal(JSON.parse(await written("--json")).destructive.length, 4);
});

test("rejects a missing file", async () => {
  await assert.rejects(
    command().parseAsync(["nowhere.json"], { from: "user" }),
    (error: unknown) => error instanceof Problems && /`nowhere\.json` can't be read/.test(error.message),
  );
});
