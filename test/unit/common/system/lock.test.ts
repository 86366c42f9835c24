import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Problems } from "../../../../common/problem";
import { root } from "../../../../common/system/checkout";
import { withLock } from "../../../../common/system/lock";
import { run } from "../../../../common/system/run";

function lockPath(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "lock-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "lock");
}

test("rejects a second holder of the lock while the first works, and accepts it afterwards", async (context) => {
  const path = lockPath(context);
  await withLock(path, "the servers", async () => {
    await assert.rejects(
      withLock(path, "the servers", async () => 1),
      (error: unknown) => {
        assert.ok(error instanceof Problems);
        assert.match(error.message, new RegExp(`the servers\\n.*process ${process.pid}`));
        return true;
      },
    );
  });
  assert.equal(await withLock(path, "the servers", async () => 2), 2);
});

test("a caller with `waitMs` waits until the lock is free", async (context) => {
  const path = lockPath(context);
  const order: string[] = [];
  const first = withLock(path, "it", async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    order.push("first");
  });
  await withLock(path, "it", async () => order.push("second"), { waitMs: 10_000 });
  await first;
  assert.deepEqual(order, ["first", "second"]);
});

test("ignores a damaged lock, and the lock of a process that ended", async (context) => {
  const path = lockPath(context);
  for (const text of [JSON.stringify({ pid: process.pid, started: "before" }), String(process.pid), "{", ""]) {
    writeFileSync(path, text);
    assert.equal(await withLock(path, "it", async () => 3), 3);
  }
});

test("releases the lock if the work fails", async (context) => {
  const path = lockPath(context);
  await assert.rejects(
    withLock(path, "it", () => Promise.reject(new Error("broken"))),
    /broken/,
  );
  assert.equal(existsSync(path), false);
});

test("processes that find a stale lock together work one at a time", async (context) => {
  const path = lockPath(context);
  const script = `
    const { acquire, release } = require(${JSON.stringify(join(root, "common", "system", "lock-file.js"))});
    const { existsSync, rmSync, writeFileSync } = require("node:fs");
    const inside = ${JSON.stringify(`${path}.inside`)};
    for (let round = 0; round < 100; round++) {
      if (acquire(${JSON.stringify(path)}) !== "ours") continue;
      writeFileSync(inside, "", { flag: "wx" });
      rmSync(inside);
      if (round % 2 === 0) release(${JSON.stringify(path)});
      else writeFileSync(${JSON.stringify(path)}, JSON.stringify({ pid: 999_999_999, started: "x" }));
    }`;
  writeFileSync(path, "{");
  const runs = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, ["-e", script])));
  assert.deepEqual(
    runs.map(({ code, stderr }) => [code, stderr]),
    runs.map(() => [0, ""]),
  );
});

test("`evenOnFullDisk` works without a lock on a full disk, unless another process holds it", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "full-"));
  const { code } = await run("mount", ["-t", "tmpfs", "-o", "size=8k", "none", directory]);
  context.after(async () => {
    await run("umount", [directory]);
    rmSync(directory, { recursive: true });
  });
  if (code !== 0) return context.skip("no file system can be mounted here");
  const path = join(directory, "lock");
  await withLock(path, "it", async () => {
    fill(directory);
    await assert.rejects(
      withLock(path, "it", async () => 1, { evenOnFullDisk: true }),
      /Another command is working on it/,
    );
  });
  fill(directory);
  await assert.rejects(
    withLock(path, "it", async () => 1),
    /ENOSPC/,
  );
  assert.equal(await withLock(path, "it", async () => 2, { evenOnFullDisk: true }), 2);
});

function fill(directory: string): void {
  for (let file = 0; ; file++) {
    try {
      writeFileSync(join(directory, `full-${Date.now()}-${file}`), "x".repeat(4_096));
    } catch {
      return;
    }
  }
}
