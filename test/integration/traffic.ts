import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "pg";
import type { Endpoints } from "../../architecture/endpoints";
import { emit, withTenant } from "../../client";
import { openKafka } from "../../kafka/kafka-client";
import { tail, waitForTopics } from "../../kafka/topic-tail";
import { clientConfig } from "../../provider/postgres/postgres-connection";

/** An application like `ecommerce`, and where it runs. */
export interface Shop {
  readonly application: string;
  readonly endpoints: Endpoints;
}

export interface TrafficOptions {
  readonly writers: number;
  /** Between two transactions of one writer. */
  readonly pauseMs: number;
}

/** Tenants that write, one business row and its event in each transaction, whatever happens to the servers. */
export interface Traffic {
  /** One a writer. */
  readonly tenants: readonly string[];
  /** Events whose commit was acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  readonly failed: () => number;
  /** The longest time in which one writer got no acknowledgement. */
  readonly longestPauseMs: () => number;
  stop(): Promise<void>;
}

/** How long nothing new may come before what is missing counts as lost. */
const patienceMs = 180_000;

/** Writes until it is stopped; after a failure the next transaction is tried until the server is back. */
export function startWriters(project: Shop, { writers, pauseMs }: TrafficOptions): Traffic {
  const { postgres } = project.endpoints;
  const pool = new Pool({ ...clientConfig({ ...postgres, ...postgres.roles.app }), max: writers });
  pool.on("error", () => {});
  const acknowledged = new Set<string>();
  let failed = 0;
  let isOver = false;
  const tenants = Array.from({ length: writers }, () => randomUUID());
  let longestPauseMs = 0;
  const write = async (tenant: string) => {
    let lastMs: number | undefined;
    for (; !isOver; await sleep(pauseMs)) {
      try {
        if (lastMs === undefined) await ensureTenant(pool, project, tenant);
        acknowledged.add(await registerCustomer(pool, project, tenant));
        const nowMs = performance.now();
        longestPauseMs = Math.max(longestPauseMs, nowMs - (lastMs ?? nowMs));
        lastMs = nowMs;
      } catch {
        failed++;
      }
    }
  };
  const writing = Promise.all(tenants.map(write));
  const stop = async () => {
    isOver = true;
    await writing;
    if (!pool.ending) await pool.end();
  };
  return { tenants, acknowledged, failed: () => failed, longestPauseMs: () => longestPauseMs, stop };
}

/** As startWriters; stopped at the latest when the test is over. */
export function startTraffic(t: TestContext, project: Shop, options: TrafficOptions): Traffic {
  const traffic = startWriters(project, options);
  t.after(traffic.stop);
  return traffic;
}

function ensureTenant(pool: Pool, { application }: Shop, tenant: string) {
  return withTenant(pool, tenant, (client) =>
    client.query(
      `INSERT INTO ${application}.tenants (tenant_id, name, country, currency) VALUES ($1, 'traffic', 'DE', 'EUR') ON CONFLICT DO NOTHING`,
      [tenant],
    ),
  );
}

function registerCustomer(pool: Pool, { application }: Shop, tenant: string): Promise<string> {
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

/** What happened to events, by their id. */
export interface Comparison {
  readonly committed: number;
  /** Acknowledged, and not in the database. */
  readonly forgotten: readonly string[];
  /** Committed, and not on Kafka. */
  readonly lost: readonly string[];
  /** On Kafka, and never committed. */
  readonly invented: readonly string[];
  /** More than once on Kafka, each with its places there. */
  readonly twice: readonly string[];
}

/** Compares the events of stopped traffic, one by one, with the database and Kafka. Those of other tenants don't count. */
export async function compareEvents(project: Shop, { acknowledged, tenants }: Traffic): Promise<Comparison> {
  const committed = await committedEvents(project, tenants);
  const arrived = await arrivals(project, new Set(tenants), committed.size);
  const missing = (from: Iterable<string>, kept: { has(id: string): boolean }) =>
    [...from].filter((id) => !kept.has(id));
  return {
    committed: committed.size,
    forgotten: missing(acknowledged, committed),
    lost: missing(committed, arrived),
    invented: missing(arrived.keys(), committed),
    twice: [...arrived].flatMap(([id, places]) => (places.length > 1 ? [`${id} at ${places.join(", ")}`] : [])),
  };
}

/** Holds the events of stopped traffic against the database and Kafka: none lost, none made up, none twice. */
export async function assertNothingLost(t: TestContext, project: Shop, traffic: Traffic): Promise<void> {
  const { committed, ...wrong } = await compareEvents(project, traffic);
  t.diagnostic(`${traffic.acknowledged.size} acknowledged, ${committed} committed, ${traffic.failed()} failed`);
  assert.deepEqual(wrong, { forgotten: [], lost: [], invented: [], twice: [] });
}

/** The truth: every event that the database keeps. A commit that was not acknowledged may be among them. */
async function committedEvents({ endpoints }: Shop, tenants: readonly string[]): Promise<ReadonlySet<string>> {
  const client = new Client(clientConfig(endpoints.postgres));
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM tenantry.outbox WHERE tenant_id = ANY ($1::uuid[])",
    [tenants],
  );
  await client.end();
  return new Set(rows.map(({ id }) => id));
}

/** Where each event is on Kafka: partition and offset. */
async function arrivals(
  { application, endpoints }: Shop,
  tenants: ReadonlySet<string>,
  expected: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const arrived = new Map<string, readonly string[]>();
  const topic = `${application}.customer.events`;
  const client = openKafka(endpoints.kafka, "traffic-test");
  assert.deepEqual(await waitForTopics(client, [topic], patienceMs), []);
  let lastMs = Date.now();
  const reader = await tail(client, [topic], new Map(), ({ id, tenant, partition, offset }) => {
    if (!tenants.has(tenant)) return;
    arrived.set(id, [...(arrived.get(id) ?? []), `${partition}/${offset}`]);
    lastMs = Date.now();
  });
  while (arrived.size < expected && Date.now() - lastMs < patienceMs) await sleep(100);
  await sleep(2_000); // Duplicates, if there are any, come after.
  await reader.stop();
  return arrived;
}
