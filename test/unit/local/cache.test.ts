import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { cacheDirectory, installDirectory } from "../../../local/cache";

function room(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "cache-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("the cache is under XDG_CACHE_HOME where that is set", () => {
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/x" }), "/x/tenantry");
});

test("a directory that could not be filled is not there, and neither is what was filled of it", async (context) => {
  const directory = room(context);
  await assert.rejects(
    installDirectory(join(directory, "kafka"), async (part) => {
      writeFileSync(join(part, "half"), "");
      throw new Error("no network");
    }),
    /no network/,
  );
  assert.deepEqual(readdirSync(directory), []);
});

test("of two that install at once both end well, and one result stays", async (context) => {
  const target = join(room(context), "kafka");
  const fill = (name: string) =>
    installDirectory(target, async (part) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      writeFileSync(join(part, name), "");
    });
  await Promise.all([fill("a"), fill("b")]);
  assert.equal(readdirSync(target).length, 1);
});

test("what a killed installation left is removed by the next; what another one fills now is not", async (context) => {
  const directory = room(context);
  const [dead, alive] = [join(directory, "kafka.part-999999999-ab"), join(directory, `kafka.part-${process.pid}-ab`)];
  for (const path of [dead, alive]) mkdirSync(path);
  await installDirectory(join(directory, "kafka"), async () => undefined);
  assert.equal(existsSync(dead), false);
  assert.equal(existsSync(alive), true);
});
