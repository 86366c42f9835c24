import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import type { Phase } from "../../architecture/changes/phase";
import { changedTable, totalInCents } from "./schema-change-table";
import { skip } from "./servers";

/** Moments at which each phase is killed. @default 2; `make test-kills` takes 20 */
const moments = Number(process.env.TENANTRY_CHANGE_KILLS ?? 2);

/** Runs a phase in a process of its own and kills it after `ms`. Returns true if it had ended before. */
async function runKilled(request: object, ms: number): Promise<boolean> {
  const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "schema-change-run.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<boolean>((resolve) => child.once("exit", (code) => resolve(code === 0)));
  child.stdin.end(JSON.stringify(request));
  child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), ms).unref());
  return ended;
}

test("a schema change that is killed in any phase goes on, and loses and changes nothing twice", {
  skip,
}, async (t) => {
  const change = { ...totalInCents, soak: { count: 1, unit: "second" } as const };
  const table = await changedTable(t, change, 400);
  const { admin, endpoint } = table.plane;
  const { drop: _, endpoints: __, ...server } = endpoint;
  const sumOf = async (expression: string) =>
    (await admin.query(`SELECT count(*)::int AS rows, sum(${expression})::text AS sum FROM ecommerce.orders`)).rows[0];
  const before = await sumOf("total");
  const walk: readonly Phase[] = ["expand", "dual-write", "backfill", "switch-reads", "backfill", "switch-reads"];
  for (const phase of walk) {
    for (let moment = 0; moment < moments; moment++) {
      const isOver = await runKilled(
        { endpoint: server, inputs: table.in(phase), allow: [] },
        20 + (moment * 400) / moments,
      );
      // A phase that has ended is left and entered again, so that each moment finds work.
      const earlier = ({ "dual-write": "expand", backfill: "dual-write", "switch-reads": "backfill" } as const)[
        phase as "backfill"
      ];
      if (isOver && earlier && moment < moments - 1) {
        await table.enter(phase);
        await table.enter(earlier);
      }
    }
    await table.enter(phase);
    assert.deepEqual(await sumOf("total"), before);
  }
  // Contract would find this test's own queries of the old column, so the readers switch once more.
  for (const phase of ["backfill", "switch-reads"] as const) await table.enter(phase);
  await admin.query("SELECT pg_sleep(1.1)");
  const request = { endpoint: server, inputs: table.in("contract"), allow: ["contract 085_total_in_cents"] };
  for (let moment = 0; moment < moments; moment++) await runKilled(request, 20 + moment * 20);
  await table.enter("contract");
  assert.deepEqual(await sumOf("(total_cents / 100.0)::numeric(12, 2)"), before);
});
