import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { cacheDirectory, installDirectory } from "../../../../common/system/cache";

function room(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "cache-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const none = async () => undefined;

test("puts the cache under XDG_CACHE_HOME if that is set", () => {
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/x" }), "/x/tenantry");
});

test("leaves nothing behind if filling a directory fails", async (context) => {
  const directory = room(context);
  await assert.rejects(
    installDirectory(join(directory, "kafka"), {
      flaw: none,
      async fill(part) {
        writeFileSync(join(part, "half"), "");
        throw new Error("no network");
      },
    }),
    /no network/,
  );
  assert.deepEqual(readdirSync(directory), []);
});

test("two simultaneous installations both succeed, and one result stays", async (context) => {
  const target = join(room(context), "kafka");
  const fill = (name: string) =>
    installDirectory(target, {
      flaw: none,
      async fill(part) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        writeFileSync(join(part, name), "");
      },
    });
  await Promise.all([fill("a"), fill("b")]);
  assert.equal(readdirSync(target).length, 1);
});

test("removes the rest of a killed installation, but not what a running one is filling", async (context) => {
  const directory = room(context);
  const part = (pid: number, suffix: string) => join(directory, `kafka.part-${pid}-${suffix}`);
  const [dead, reused, alive] = [part(999_999_999, "ab"), part(process.pid, "old"), part(process.pid, "ab")];
  for (const path of [dead, reused, alive]) mkdirSync(path);
  utimesSync(reused, 0, 1_000);
  await installDirectory(join(directory, "kafka"), { fill: none, flaw: none });
  assert.equal(existsSync(dead), false);
  assert.equal(existsSync(reused), false);
  assert.equal(existsSync(alive), true);
});

test("installs again over an empty or damaged directory", async (context) => {
  const target = join(room(context), "kafka");
  const install = (text: string) =>
    installDirectory(target, {
      fill: async (part) => writeFileSync(join(part, "jar"), text),
      flaw: async (directory) => (existsSync(join(directory, "jar")) ? undefined : "jar is missing"),
    });
  mkdirSync(target);
  assert.equal(await install("first"), true);
  assert.equal(await install("second"), false);
  rmSync(join(target, "jar"));
  writeFileSync(join(target, "other"), "");
  assert.equal(await install("third"), true);
  assert.deepEqual(readdirSync(target), ["jar"]);
  assert.deepEqual(readdirSync(join(target, "..")), ["kafka"]);
});

test("does not install a flawed directory, and keeps the existing one", async (context) => {
  const target = join(room(context), "kafka");
  mkdirSync(target);
  await assert.rejects(
    installDirectory(target, { fill: none, flaw: async () => "jar is missing" }),
    /^Error: jar is missing$/,
  );
  assert.deepEqual(readdirSync(join(target, "..")), ["kafka"]);
});
