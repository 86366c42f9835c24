import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client, Pool } from "pg";
import { emit, withTenant } from "../../client";
import { openKafka } from "../../kafka/client";
import { tail, waitForTopics } from "../../kafka/topic-tail";
import type { ServerStatus } from "../../local/status";
import { makeProject, type Project } from "./project";
import { skip } from "./servers";

/** `make test-kills` takes 10,000; elsewhere it takes too long. */
const transactions = Number(process.env["TENANTRY_CRASH_TRANSACTIONS"] ?? 0);
const skipped = transactions > 0 ? skip : "takes minutes: `make test-kills` runs it (TENANTRY_CRASH_TRANSACTIONS)";
const writers = 8;
/** Spread over a minute, so that writing goes on while each server dies and comes back. */
const pauseMs = (60_000 * writers) / transactions;
const victims = ["connect", "kafka", "postgres"] as const;
/** How long nothing new may come before what is missing counts as lost. */
const patienceMs = 60_000;

const checkout = dirname(dirname(__dirname));
const home = dirname(process.env["TENANTRY_ENDPOINTS"] ?? "");
/** Beside the writers, which go on meanwhile. */
async function tenantry(...args: string[]): Promise<string> {
  const run = promisify(execFile)(join(checkout, "cli", "tenantry"), [...args, "--home", home], { encoding: "utf8" });
  return (await run).stdout;
}

/** As a machine that loses power: the server and every process that it started, without a word. */
async function killServer(name: (typeof victims)[number]): Promise<void> {
  const servers = JSON.parse(await tenantry("local", "status", "--json")) as readonly ServerStatus[];
  const pid = servers.find((server) => server.name === name)?.pid ?? assert.fail(`${name} does not run`);
  for (const each of [pid, ...childrenOf(pid)]) process.kill(each, "SIGKILL");
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

interface Written {
  /** Events whose commit was acknowledged. */
  readonly acknowledged: Set<string>;
  failed: number;
  /** Writing goes on until then, however fast the machine. */
  allKilled: boolean;
}

/** One business row and its event in each transaction; after a failure the next one is tried until the server is back. */
async function write(pool: Pool, { application }: Project, written: Written): Promise<void> {
  const tenant = randomUUID();
  const ensureTenant = () =>
    withTenant(pool, tenant, (client) =>
      client.query(
        `INSERT INTO ${application}.tenants (tenant_id, name, country, currency) VALUES ($1, 'crash', 'DE', 'EUR') ON CONFLICT DO NOTHING`,
        [tenant],
      ),
    );
  for (let ready = false; written.acknowledged.size < transactions || !written.allKilled; ) {
    try {
      if (!ready) await ensureTenant();
      ready = true;
      const id = await withTenant(pool, tenant, async (client) => {
        const customer = randomUUID();
        await client.query(
          `INSERT INTO ${application}.customers (tenant_id, customer_id, name, country, email) VALUES ($1, $2, 'crash', 'DE', $3)`,
          [tenant, customer, `${customer}@example.com`],
        );
        return emit(client, {
          aggregateType: "customer",
          aggregateId: customer,
          type: "CustomerRegistered",
          payload: { customer },
        });
      });
      written.acknowledged.add(id);
    } catch {
      written.failed++;
    }
    await sleep(pauseMs);
  }
}

async function killInTurn(written: Written): Promise<void> {
  for (const [index, name] of victims.entries()) {
    const moment = ((index + 1) / (victims.length + 1)) * transactions;
    while (written.acknowledged.size < moment) await sleep(10);
    await killServer(name);
    await sleep(500);
    await tenantry("local", "up");
  }
  written.allKilled = true;
}

/** The truth: every event that the database keeps. A commit that was not acknowledged may be among them. */
async function committedEvents({ endpoints }: Project): Promise<Set<string>> {
  const { host, port, database, user, password } = endpoints.postgres;
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  const { rows } = await client.query<{ id: string }>("SELECT id FROM tenantry.outbox");
  await client.end();
  return new Set(rows.map(({ id }) => id));
}

test(`${transactions} transactions while Connect, Kafka and PostgreSQL are killed: no event is lost, none comes twice`, {
  skip: skipped,
}, async (t) => {
  const project = await makeProject(t);
  const applied = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview");
  assert.equal(applied.code, 0, applied.text);
  const { postgres, kafka } = project.endpoints;
  const { host, port, database } = postgres;
  const pool = new Pool({ host, port, database, ...postgres.roles["app"], max: writers });
  pool.on("error", () => {});
  t.after(() => pool.end());

  const written: Written = { acknowledged: new Set(), failed: 0, allKilled: false };
  await Promise.all([...Array.from({ length: writers }, () => write(pool, project, written)), killInTurn(written)]);

  // A connector that failed while Kafka was away is started again by the next `up`.
  const again = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview", "--refresh");
  assert.equal(again.code, 0, again.text);
  const committed = await committedEvents(project);
  const arrived = new Map<string, number>();
  const topic = `${project.application}.customer.events`;
  const client = openKafka(kafka, "crash-test");
  assert.deepEqual(await waitForTopics(client, [topic], patienceMs), []);
  let lastMs = Date.now();
  const reader = await tail(client, [topic], new Map(), ({ id }) => {
    arrived.set(id, (arrived.get(id) ?? 0) + 1);
    lastMs = Date.now();
  });
  while (arrived.size < committed.size && Date.now() - lastMs < patienceMs) await sleep(100);
  await sleep(2_000); // Duplicates, if there are any, come after.
  await reader.stop();

  t.diagnostic(`${written.acknowledged.size} acknowledged, ${committed.size} committed, ${written.failed} failed`);
  assert.ok(written.failed > 0, "killing PostgreSQL was felt by the writers");
  assert.deepEqual(
    [...written.acknowledged].filter((id) => !committed.has(id)),
    [],
    "acknowledged, and not in the database",
  );
  assert.deepEqual(
    [...committed].filter((id) => !arrived.has(id)),
    [],
    "committed, and lost on the way to Kafka",
  );
  assert.deepEqual(
    [...arrived.keys()].filter((id) => !committed.has(id)),
    [],
    "on Kafka, and never committed",
  );
  assert.deepEqual(
    [...arrived].filter(([, times]) => times > 1),
    [],
    "twice on Kafka",
  );
});
