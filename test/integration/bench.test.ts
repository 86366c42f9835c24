import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { skip } from "./servers";

const tenantry = join(__dirname, "../../cli/tenantry");
const run = promisify(execFile);

interface Reported {
  readonly cores: number;
  readonly measurements: readonly {
    readonly unit: string;
    readonly ours: number;
    readonly theirs: number;
    readonly ratio: number;
  }[];
}

test("a benchmark runs on its own servers, reports its ratio and stops the servers", { skip }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), "tenantry-bench-test-"));
  t.after(async () => {
    await run(tenantry, ["local", "reset", "--yes", "--home", home]);
    rmSync(home, { recursive: true, force: true });
  });
  const sizes = ["--rounds", "1", "--seconds", "1", "--clients", "1"];
  const { stdout } = await run(tenantry, ["bench", "--only", "transaction", "--json", "--home", home, ...sizes]);
  const { cores, measurements } = JSON.parse(stdout) as Reported;
  assert.ok(cores > 0);
  assert.equal(measurements.length, 1);
  const [{ unit, ours, theirs, ratio }] = measurements as [Reported["measurements"][0]];
  assert.equal(unit, "transactions/s");
  assert.ok(ours > 0 && theirs > 0);
  assert.equal(ratio, ours / theirs);
  const status = await run(tenantry, ["local", "status", "--json", "--home", home]).catch(
    (error: { stdout: string }) => error,
  );
  const states = (JSON.parse(status.stdout) as { state: string }[]).map(({ state }) => state);
  assert.deepEqual([...new Set(states)], ["stopped"]);
});

test("rejects an unknown benchmark before anything starts", async () => {
  await assert.rejects(
    run(tenantry, ["bench", "--only", "speed"]),
    /There is no benchmark `speed`: throughput, latency/,
  );
});
