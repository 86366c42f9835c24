import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "pg";
import { emit, withTenant } from "../../client";
import { openKafka } from "../../kafka/client";
import { tail, waitForTopics } from "../../kafka/topic-tail";
import type { Project } from "./project";

export interface TrafficOptions {
  readonly writers: number;
  /** Between two transactions of one writer. */
  readonly pauseMs: number;
}

/** Tenants that write, one business row and its event in each transaction, whatever happens to the servers. */
export interface Traffic {
  /** Events whose commit was acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  readonly failed: () => number;
  stop(): Promise<void>;
}

/** How long nothing new may come before what is missing counts as lost. */
const patienceMs = 60_000;

/** Writes until it is stopped; after a failure the next transaction is tried until the server is back. */
export function startTraffic(t: TestContext, project: Project, { writers, pauseMs }: TrafficOptions): Traffic {
  const { host, port, database, roles } = project.endpoints.postgres;
  const pool = new Pool({ host, port, database, ...roles["app"], max: writers });
  pool.on("error", () => {});
  const acknowledged = new Set<string>();
  let failed = 0;
  let isOver = false;
  const write = async () => {
    const tenant = randomUUID();
    for (let ready = false; !isOver; await sleep(pauseMs)) {
      try {
        if (!ready) await ensureTenant(pool, project, tenant);
        ready = true;
        acknowledged.add(await registerCustomer(pool, project, tenant));
      } catch {
        failed++;
      }
    }
  };
  const writing = Promise.all(Array.from({ length: writers }, write));
  const stop = async () => {
    isOver = true;
    await writing;
    if (!pool.ending) await pool.end();
  };
  t.after(stop);
  return { acknowledged, failed: () => failed, stop };
}

function ensureTenant(pool: Pool, { application }: Project, tenant: string) {
  return withTenant(pool, tenant, (client) =>
    client.query(
      `INSERT INTO ${application}.tenants (tenant_id, name, country, currency) VALUES ($1, 'traffic', 'DE', 'EUR') ON CONFLICT DO NOTHING`,
      [tenant],
    ),
  );
}

function registerCustomer(pool: Pool, { application }: Project, tenant: string): Promise<string> {
  return withTenant(pool, tenant, async (client) => {
    const customer = randomUUID();
    await client.query(
      `INSERT INTO ${application}.customers (tenant_id, customer_id, name, country, email) VALUES ($1, $2, 'traffic', 'DE', $3)`,
      [tenant, customer, `${customer}@example.com`],
    );
    return emit(client, {
      aggregateType: "customer",
      aggregateId: customer,
      type: "CustomerRegistered",
      payload: { customer },
    });
  });
}

/** Holds the events of stopped traffic, one by one, against the database and Kafka: none lost, none made up, none twice. */
export async function assertNothingLost(t: TestContext, project: Project, traffic: Traffic): Promise<void> {
  const { acknowledged } = traffic;
  const committed = await committedEvents(project);
  const arrived = await arrivals(project, committed.size);
  t.diagnostic(`${acknowledged.size} acknowledged, ${committed.size} committed, ${traffic.failed()} failed`);
  const missing = (from: Iterable<string>, kept: { has(id: string): boolean }) =>
    [...from].filter((id) => !kept.has(id));
  assert.deepEqual(missing(acknowledged, committed), [], "acknowledged, and not in the database");
  assert.deepEqual(missing(committed, arrived), [], "committed, and lost on the way to Kafka");
  assert.deepEqual(missing(arrived.keys(), committed), [], "on Kafka, and never committed");
  assert.deepEqual(
    [...arrived].filter(([, times]) => times > 1),
    [],
    "twice on Kafka",
  );
}

/** The truth: every event that the database keeps. A commit that was not acknowledged may be among them. */
async function committedEvents({ endpoints }: Project): Promise<ReadonlySet<string>> {
  const { host, port, database, user, password } = endpoints.postgres;
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  const { rows } = await client.query<{ id: string }>("SELECT id FROM tenantry.outbox");
  await client.end();
  return new Set(rows.map(({ id }) => id));
}

/** How often each event is on Kafka. */
async function arrivals({ application, endpoints }: Project, expected: number): Promise<ReadonlyMap<string, number>> {
  const arrived = new Map<string, number>();
  const topic = `${application}.customer.events`;
  const client = openKafka(endpoints.kafka, "traffic-test");
  assert.deepEqual(await waitForTopics(client, [topic], patienceMs), []);
  let lastMs = Date.now();
  const reader = await tail(client, [topic], new Map(), ({ id }) => {
    arrived.set(id, (arrived.get(id) ?? 0) + 1);
    lastMs = Date.now();
  });
  while (arrived.size < expected && Date.now() - lastMs < patienceMs) await sleep(100);
  await sleep(2_000); // Duplicates, if there are any, come after.
  await reader.stop();
  return arrived;
}
