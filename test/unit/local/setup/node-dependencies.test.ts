import assert from "node:assert/strict";
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test, { type TestContext } from "node:test";
import { root } from "../../../../common/system/checkout";
import { run } from "../../../../common/system/run";

/** A checkout with one dependency, and an npm that only reports its call. */
function checkout(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "checkout-"));
  context.after(() => rmSync(directory, { recursive: true }));
  for (const file of [
    "local/setup/node-dependencies.js",
    "common/system/foreign-owner.js",
    "common/system/lock-file.js",
    "common/system/process-start.js",
  ])
    cpSync(join(root, file), join(directory, file));
  const packages = JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } });
  mkdirSync(join(directory, "node_modules", "a"), { recursive: true });
  for (const file of ["package-lock.json", "node_modules/.package-lock.json", "node_modules/a/package.json"])
    writeFileSync(join(directory, file), packages);
  writeFileSync(join(directory, "npm"), "#!/bin/sh\necho called npm >&2\n", { mode: 0o755 });
  const install = () =>
    run(process.execPath, [join(directory, "local/setup/node-dependencies.js")], {
      env: { ...process.env, PATH: `${directory}${delimiter}${process.env.PATH}` },
      timeoutMs: 20_000,
    });
  return { directory, install };
}

test("installs nothing if all dependencies exist, and reinstalls a deleted one", async (context) => {
  const { directory, install } = checkout(context);
  assert.doesNotMatch((await install()).stderr, /called npm/);
  rmSync(join(directory, "node_modules", "a"), { recursive: true });
  const { code, stderr } = await install();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /called npm/);
});

test("does not wait for a lock whose process id another process has by now", async (context) => {
  const { directory, install } = checkout(context);
  rmSync(join(directory, "node_modules"), { recursive: true });
  mkdirSync(join(directory, ".tenantry"));
  const lock = join(directory, ".tenantry", "npm.lock");
  for (const left of [String(process.pid), JSON.stringify({ pid: process.pid, started: "before" })]) {
    writeFileSync(lock, left);
    const { code, stderr } = await install();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /called npm/);
    assert.equal(existsSync(lock), false);
  }
});

test("as root, installs nothing into a checkout of another account", {
  skip: process.getuid?.() === 0 ? false : "only root",
}, async (context) => {
  const { directory, install } = checkout(context);
  rmSync(join(directory, "node_modules"), { recursive: true });
  chownSync(directory, 65_534, 65_534);
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.match(stderr, /^Root does not work in a folder of another account.*the checkout\n.*`nobody`\n.*Run this as/);
  assert.equal(existsSync(join(directory, ".tenantry")), false);
});
