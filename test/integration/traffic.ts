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

/** An application like `ecommerce`, and its endpoints. */
export interface Shop {
  readonly application: string;
  readonly endpoints: Endpoints;
}

interface TrafficOptions {
  readonly writers: number;
  /** The pause between two transactions of one writer. */
  readonly pauseMs: number;
}

/** Writers that each commit one business row with its event per transaction, through all failures of servers. */
export interface Traffic {
  /** One tenant for each writer. */
  readonly tenants: readonly string[];
  /** Events whose commit was acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  readonly failed: () => number;
  /** The longest time in which one writer got no acknowledgement. */
  readonly longestPauseMs: () => number;
  stop(): Promise<void>;
}

/** The time without new events after which missing events count as lost. */
const patienceMs = 180_000;

/** Writes until it is stopped. After a failure it tries again until the server is back. */
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

/** Like `startWriters`, but stops at the end of the test at the latest. */
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

/** The result of a comparison of events by their ids. */
export interface Comparison {
  readonly committed: number;
  /** Acknowledged, but not in the database. */
  readonly forgotten: readonly string[];
  /** Committed, but not on Kafka. */
  readonly lost: readonly string[];
  /** On Kafka, but never committed. */
  readonly invented: readonly string[];
  /** On Kafka more than once, each with its partitions and offsets. */
  readonly twice: readonly string[];
}

/** Compares the events of stopped traffic with the database and Kafka. Events of other tenants don't count. */
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

/** Asserts that no event of stopped traffic is lost, invented or sent twice. */
export async function assertNothingLost(t: TestContext, project: Shop, traffic: Traffic): Promise<void> {
  const { committed, ...wrong } = await compareEvents(project, traffic);
  t.diagnostic(`${traffic.acknowledged.size} acknowledged, ${committed} committed, ${traffic.failed()} failed`);
  assert.deepEqual(wrong, { forgotten: [], lost: [], invented: [], twice: [] });
}

/** All events in the database, which decide the comparison. Commits that were not acknowledged may be among them. */
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

/** The partitions and offsets of each event on Kafka. */
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
  await sleep(2_000); // Possible duplicates arrive later.
  await reader.stop();
  return arrived;
}
