import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { ServerStatus } from "../../local/status";
import { makeProject } from "./project";
import { skip } from "./servers";
import { assertNothingLost, startTraffic, type Traffic } from "./traffic";

/** `make test-kills` takes 10,000; elsewhere it takes too long. */
const transactions = Number(process.env.TENANTRY_CRASH_TRANSACTIONS ?? 0);
const skipped = transactions > 0 ? skip : "takes minutes: `make test-kills` runs it (TENANTRY_CRASH_TRANSACTIONS)";
const writers = 8;
/** Spreads the writes over a minute, so they continue while each server dies and restarts. */
const pauseMs = (60_000 * writers) / transactions;
const victims = ["connect", "kafka", "postgres"] as const;

const checkout = dirname(dirname(__dirname));
const home = dirname(process.env.TENANTRY_ENDPOINTS ?? "");
/** Runs the command without blocking the writers. */
async function tenantry(...args: string[]): Promise<string> {
  const run = promisify(execFile)(join(checkout, "cli", "tenantry"), [...args, "--home", home], { encoding: "utf8" });
  return (await run).stdout;
}

/** Kills the server and every process that it started at once, as a power failure would. */
async function killServer(name: (typeof victims)[number]): Promise<void> {
  const servers = JSON.parse(await tenantry("local", "status", "--json")) as readonly ServerStatus[];
  const pid = servers.find((server) => server.name === name)?.pid ?? assert.fail(`${name} does not run`);
  for (const each of [pid, ...childrenOf(pid)]) process.kill(each, "SIGKILL");
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

async function killInTurn({ acknowledged }: Traffic): Promise<void> {
  for (const [index, name] of victims.entries()) {
    const moment = ((index + 1) / (victims.length + 1)) * transactions;
    while (acknowledged.size < moment) await sleep(10);
    await killServer(name);
    await sleep(500);
    await tenantry("local", "up");
  }
  // The writers continue until then, even on a fast machine.
  while (acknowledged.size < transactions) await sleep(10);
}

test(`delivers the events of ${transactions} transactions once while Connect, Kafka and PostgreSQL are killed`, {
  skip: skipped,
}, async (t) => {
  const project = await makeProject(t);
  const applied = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview");
  assert.equal(applied.code, 0, applied.text);
  const traffic = startTraffic(t, project, { writers, pauseMs });
  await killInTurn(traffic);
  await traffic.stop();

  // The next `up` restarts a connector that failed while Kafka was down.
  const again = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview", "--refresh");
  assert.equal(again.code, 0, again.text);
  assert.ok(traffic.failed() > 0, "killing PostgreSQL was felt by the writers");
  await assertNothingLost(t, project, traffic);
});
