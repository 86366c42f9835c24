import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { distributedTable } from "../../provider/resources/distributed-table";
import { tenantIsolation } from "../../provider/resources/tenant-isolation";
import { type DatabaseFixture, startDatabaseFixture } from "./database-fixture";
import { skip } from "./servers";

/** TENANTRY_KILLS sets a higher number. */
const kills = Number(process.env.TENANTRY_KILLS ?? 10);
const seed = 20_261_123;

interface Applied {
  readonly done: boolean;
  readonly errors: string;
  /** Milliseconds from the start of its work to the end. */
  readonly tookMs: number;
}

/** Runs the applying process, and kills it `killAfterMs` after it starts to work, if that is given. */
function apply({ endpoint }: DatabaseFixture, killAfterMs?: number): Promise<Applied> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "apply-shop.ts")]);
    let [output, errors, started] = ["", "", 0];
    child.stderr.on("data", (data) => (errors += data));
    child.stdout.on("data", (data) => {
      if (started === 0 && killAfterMs !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      started ||= Date.now();
      output += data;
    });
    child.on("close", () => resolve({ done: output.includes("done"), errors, tookMs: Date.now() - started }));
    child.stdin.end(JSON.stringify(endpoint));
  });
}

test(`completes after a process is killed at ${kills} moments and run again`, { skip }, async (t) => {
  const fixture = await startDatabaseFixture(t);
  const moment = linearCongruence(seed);
  const { tookMs } = await apply(fixture);
  for (let run = 0; run < kills; run++) {
    // Every third run begins with a clean database, so kills hit early and late steps alike.
    if (run % 3 === 0) {
      await fixture.run("DROP SCHEMA IF EXISTS shop CASCADE; DROP TABLE IF EXISTS tenantry.migrations");
    }
    const killed = await apply(fixture, Math.round(moment() * tookMs));
    assert.equal(killed.errors, "", `run ${run}`);
  }
  const { done, errors } = await apply(fixture);
  assert.deepEqual({ done, errors }, { done: true, errors: "" });

  for (const table of ["tenants", "orders"]) {
    const placed = await distributedTable.read(fixture, `shop.${table}`, undefined);
    assert.equal(placed?.foreignKeys.length, 1, table);
    const isolated = await tenantIsolation.read(fixture, `shop.${table}`, undefined);
    assert.deepEqual([isolated?.gaps, isolated?.surplus], [{}, {}], table);
  }
  assert.deepEqual(await fixture.run("SELECT count(*)::int AS rows FROM shop.orders"), [{ rows: 5000 }]);
  assert.deepEqual(await fixture.run("SELECT id FROM shop.notes ORDER BY id"), [{ id: 1 }, { id: 2 }]);
  assert.deepEqual(await fixture.run("SELECT count(*)::int AS broken FROM pg_index WHERE NOT indisvalid"), [
    { broken: 0 },
  ]);
});

/** Random numbers from 0 to 1, the same for the same seed. */
function linearCongruence(start: number): () => number {
  let at = start;
  return () => {
    at = (at * 1_103_515_245 + 12_345) % 2 ** 31;
    return at / 2 ** 31;
  };
}
