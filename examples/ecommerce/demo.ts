import { setTimeout as sleep } from "node:timers/promises";
import { withTenant } from "@tenantry/client";
import { Client } from "pg";
import type { DemoOptions, DemoProgress, DemoSummary } from "../../cli/application-demo";
import { Problems } from "../../common/problem";
import { openKafka } from "../../kafka/kafka-client";
import { readEnds, tail, waitForTopics } from "../../kafka/topic-tail";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { consume } from "./consume";
import { consumer, projectRecord, topics } from "./order-summaries";
import { openShop, type Shop } from "./shop";
import { TenantPools } from "./tenant-pools";
import { startTraffic, type Written } from "./traffic";

/** The longest time that Kafka and the read model may take to catch up after the traffic has ended. */
const catchUpMs = 60_000;
/** The longest time that Connect may take to create the topics for the first events. */
const topicsMs = 60_000;

/** Runs a few shops with orders and payments, consumes the events into the read model, and compares both by id. */
export async function demo(options: DemoOptions): Promise<DemoSummary> {
  const { endpoints, seconds, tenants, reach, rate, signal } = options;
  const places = new Set(tenants.map((tenant) => reach(tenant)?.postgres)).size;
  const writing = new TenantPools(reach, Math.max(2, Math.ceil(10 / places)));
  const reading = new TenantPools(reach, Math.max(1, Math.ceil(6 / places)));
  const kafka = openKafka(endpoints.kafka, "tenantry-demo");
  const watch = new Watch();
  const closing: (() => Promise<unknown>)[] = [() => writing.end(), () => reading.end()];
  try {
    const ends = await readEnds(kafka, topics);
    const shops = await Promise.all(
      tenants.map((tenant, index) => openShop(writing.of(tenant), tenant, `Demo ${index + 1}`)),
    );
    const traffic = startTraffic(shops, rate);
    closing.push(() => traffic.stop());
    const progress = await startProgress(options, traffic.written, watch);
    closing.push(() => progress.stop());
    refuseMissing(await waitForTopics(kafka, topics, topicsMs));
    const isOurs = new Set(shops.map(({ tenant }) => tenant));
    const seeing = await tail(kafka, topics, ends, (record) => {
      if (isOurs.has(record.tenant)) watch.see(record.type, record.key, record.createdAt);
    });
    closing.push(() => seeing.stop());
    const consuming = await consume({
      kafka,
      groupId: `ecommerce-${consumer}`,
      topics,
      parkingTopic: `ecommerce.${consumer}.parked`,
      handle: async (record) => {
        const outcome = await projectRecord(reading.of(record.tenant), record);
        if (outcome === "projected" && isOurs.has(record.tenant)) watch.projected += 1;
      },
      onFailure: ({ parked, tenant }) => {
        if (parked && isOurs.has(tenant)) watch.parked += 1;
      },
    });
    closing.push(() => consuming.stop());
    const started = { at: Date.now(), transactions: eventsOf(traffic.written) };
    progress.enter("running");
    await sleep(seconds * 1_000, undefined, { signal }).catch(() => {});
    await traffic.stop();
    const perSecond = ((eventsOf(traffic.written) - started.transactions) * 1_000) / (Date.now() - started.at);
    progress.enter("catching up");
    await catchUp(traffic.written, watch);
    return await summarise(shops, traffic.written, watch, perSecond);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function refuseMissing(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new Problems([
    {
      what: `No event came to Kafka within ${topicsMs / 1_000} s: there is no topic ${missing.join(", ")}`,
      fix: "run `tenantry verify` and look at its checks of connectors and replication",
    },
  ]);
}

/** The events of this run that have come so far. */
class Watch {
  readonly orders = new Map<string, number>();
  readonly payments = new Map<string, number>();
  projected = 0;
  parked = 0;
  private readonly latencies: number[] = [];

  see(type: string, key: string, createdAt: string): void {
    const seen = type === "OrderPlaced" ? this.orders : this.payments;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    this.latencies.push(Date.now() - Number(createdAt) / 1_000);
    if (this.latencies.length > 10_000) this.latencies.splice(0, 5_000);
  }

  get events(): number {
    return this.orders.size + this.payments.size;
  }

  get latency(): DemoProgress["latency"] {
    if (this.latencies.length === 0) return undefined;
    const sorted = this.latencies.toSorted((a, b) => a - b);
    const at = (share: number) => Math.max(0, Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0));
    return { p50: at(0.5), p99: at(0.99) };
  }
}

const eventsOf = ({ orders, paid }: Written) => orders.length + paid.size;

async function catchUp(written: Written, watch: Watch): Promise<void> {
  const isComplete = () => watch.events >= eventsOf(written) && watch.projected + watch.parked >= eventsOf(written);
  for (const deadline = Date.now() + catchUpMs; Date.now() < deadline && !isComplete(); ) await sleep(100);
}

async function startProgress(options: DemoOptions, written: Written, watch: Watch) {
  const slots = await openSlots(options);
  let phase: DemoProgress["phase"] = "starting";
  let since = Date.now();
  const timer = setInterval(async () => {
    const slotLagBytes = await slots.lagBytes();
    options.onProgress({
      phase,
      elapsedMs: Date.now() - since,
      transactions: eventsOf(written),
      events: watch.events,
      projected: watch.projected,
      latency: watch.latency,
      slotLagBytes,
      errors: [...written.errors.values()].reduce((sum, count) => sum + count, 0),
    });
  }, 500);
  return {
    enter(next: DemoProgress["phase"]) {
      phase = next;
      since = Date.now();
    },
    async stop() {
      clearInterval(timer);
      await slots.close();
    },
  };
}

/** The outbox's slots on every node. A node that does not answer counts as no lag, because `verify` reports it. */
async function openSlots({ endpoints: { postgres }, tenants, reach }: DemoOptions) {
  const databases = [...new Set(tenants.map((tenant) => reach(tenant)?.postgres.database ?? postgres.database))];
  const clients = await Promise.all(
    postgres.nodes.map(async ({ host, port }) => {
      const client = new Client(clientConfig({ ...postgres, host, port, database: databases[0] ?? postgres.database }));
      client.on("error", () => {});
      await client.connect();
      return client;
    }),
  );
  const sql = `SELECT coalesce(sum(pg_current_wal_lsn() - confirmed_flush_lsn), 0)::text AS bytes FROM pg_replication_slots
    WHERE database = ANY ($1) AND slot_name LIKE 'ecommerce\\_%outbox\\_%'`;
  return {
    async lagBytes(): Promise<number> {
      const answers = await Promise.all(
        clients.map((client) =>
          client.query<{ bytes: string }>(sql, [databases]).then(
            ({ rows }) => Number(rows[0]?.bytes),
            () => 0,
          ),
        ),
      );
      return answers.reduce((sum, bytes) => sum + bytes, 0);
    },
    close: () => Promise.all(clients.map((client) => client.end())),
  };
}

async function summarise(
  shops: readonly Shop[],
  written: Written,
  watch: Watch,
  transactionsPerSecond: number,
): Promise<DemoSummary> {
  const missing = [
    ...written.orders.filter(({ id }) => !watch.orders.has(id)),
    ...[...written.paid].filter((id) => !watch.payments.has(id)),
  ];
  const copies = [...watch.orders.values(), ...watch.payments.values()];
  const statuses = await readStatuses(shops);
  const wanted = written.orders.map(({ id }) => ({ status: statuses.get(id), paid: written.paid.has(id) }));
  return {
    tenants: shops.map(({ tenant }) => tenant),
    transactionsPerSecond: Math.round(transactionsPerSecond),
    orders: written.orders.length,
    payments: written.paid.size,
    events: {
      written: eventsOf(written),
      seen: watch.events,
      missing: missing.length,
      twice: copies.filter((count) => count > 1).length,
    },
    summaries: {
      projected: wanted.filter(({ status }) => status !== undefined).length,
      missing: wanted.filter(({ status }) => status === undefined).length,
      wrongStatus: wanted.filter(({ status, paid }) => status !== undefined && status !== (paid ? "paid" : "placed"))
        .length,
    },
    latency: watch.latency,
    parked: watch.parked,
    errors: Object.fromEntries(written.errors),
  };
}

/** The status of every order of these shops in the read model, by order id. */
async function readStatuses(shops: readonly Shop[]): Promise<ReadonlyMap<string, string>> {
  const statuses = new Map<string, string>();
  for (const { pool, tenant } of shops) {
    const { rows } = await withTenant(pool, tenant, (client) =>
      client.query<{ order_id: string; status: string }>(
        "SELECT order_id, status FROM order_summaries WHERE tenant_id = $1",
        [client.tenant],
      ),
    );
    for (const { order_id, status } of rows) statuses.set(order_id, status);
  }
  return statuses;
}
