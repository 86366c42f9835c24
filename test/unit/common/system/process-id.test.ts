import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { identify, isRunning, stopProcess } from "../../../../common/system/process-id";
import { parseStat, processStartMs } from "../../../../common/system/process-start";

test("a process runs until it ends", async () => {
  const child = spawn("sleep", ["60"]);
  const id = identify(child.pid ?? 0);
  assert.ok(id && isRunning(id));
  child.kill("SIGKILL");
  await once(child, "close");
  assert.equal(isRunning(id), false);
});

test("tells a process from an earlier one with the same id", () => {
  assert.equal(isRunning({ pid: process.pid, started: "an earlier one" }), false);
});

test("reads the state of a process whose name has spaces and parentheses", () => {
  const fields = ["S", ...Array.from({ length: 18 }, (_, index) => String(index)), "777", "0"];
  assert.deepEqual(parseStat(`12 (a (b) c) ${fields.join(" ")}`), { state: "S", startTicks: "777" });
});

test("sends the next signal to a process that ignores the first", async () => {
  const child = spawn("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
  await once(child.stdout, "data");
  const id = identify(child.pid ?? 0);
  assert.ok(id);
  await stopProcess(id, [
    { signal: "SIGTERM", waitMs: 200 },
    { signal: "SIGKILL", waitMs: 5000 },
  ]);
  assert.equal(isRunning(id), false);
});

test("reports when a process started, within seconds", () => {
  const startedMs = Date.now() - process.uptime() * 1_000;
  assert.ok(Math.abs((processStartMs(process.pid) ?? 0) - startedMs) < 3_000);
  assert.equal(processStartMs(999_999_999), undefined);
});
