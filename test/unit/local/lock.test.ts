import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Problems } from "../../../architecture/problem";
import { withLock } from "../../../local/lock";

function lockPath(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "lock-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "lock");
}

test("the second one is refused while the first works, and let in after it", async (context) => {
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

test("one that may wait gets its turn", async (context) => {
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

test("the lock of a process that ended does not count, nor does a damaged one", async (context) => {
  const path = lockPath(context);
  for (const text of [JSON.stringify({ pid: process.pid, started: "before" }), "{", ""]) {
    writeFileSync(path, text);
    assert.equal(await withLock(path, "it", async () => 3), 3);
  }
});

test("the lock goes when the work fails", async (context) => {
  const path = lockPath(context);
  await assert.rejects(
    withLock(path, "it", () => Promise.reject(new Error("broken"))),
    /broken/,
  );
  assert.equal(existsSync(path), false);
});
