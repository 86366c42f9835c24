import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Problems } from "../../../common/problem";
import { clearStaleLocks, isStale, type StackLock } from "../../../pulumi-cli/stack-locks";

const dead: StackLock = { pid: 999_999_999, hostname: hostname(), username: "me", timestamp: "2026-01-01T00:00:00Z" };

function lockFile(context: TestContext, text: string): { readonly state: string; readonly path: string } {
  const state = mkdtempSync(join(tmpdir(), "state-"));
  context.after(() => rmSync(state, { recursive: true }));
  const directory = join(state, ".pulumi", "locks", "organization", "tenantry", "local");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "some-id.json");
  writeFileSync(path, text);
  return { state, path };
}

test("removes the lock of a killed Pulumi", (context) => {
  const { state, path } = lockFile(context, JSON.stringify(dead));
  clearStaleLocks(state, "local");
  assert.equal(existsSync(path), false);
});

test("keeps the lock of a running Pulumi, and names its owner", (context) => {
  const child = spawn("sh", ["-c", "sleep 60; : pulumi up"]);
  context.after(() => child.kill());
  const lock = { ...dead, pid: child.pid, timestamp: new Date().toISOString() };
  const { state, path } = lockFile(context, JSON.stringify(lock));
  assert.throws(
    () => clearStaleLocks(state, "local"),
    (error: unknown) => error instanceof Problems && error.message.includes(`process ${child.pid} of me`),
  );
  assert.equal(existsSync(path), true);
});

test("removes a lock whose process id another Pulumi has by now", (context) => {
  const child = spawn("sh", ["-c", "sleep 60; : pulumi up"]);
  context.after(() => child.kill());
  assert.equal(isStale({ ...dead, pid: child.pid ?? 0, timestamp: "2026-01-01T00:00:00Z" }), true);
});

test("keeps the lock of another machine, because its process can't be seen", () => {
  assert.equal(isStale(dead, "elsewhere"), false);
});

test("removes a lock whose process id another program has by now", () => {
  assert.equal(isStale({ ...dead, pid: 1 }), true);
});

test("keeps a lock that can't be read, and names its file", (context) => {
  const { state, path } = lockFile(context, "{");
  assert.throws(
    () => clearStaleLocks(state, "local"),
    (error: unknown) => error instanceof Problems && error.message.includes(path),
  );
});

test("does nothing without a lock", () => {
  clearStaleLocks("/nowhere", "local");
});
