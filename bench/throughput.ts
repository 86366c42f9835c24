import type { Admin } from "kafkajs";
import type { Client } from "pg";
import type { Endpoints } from "../architecture/endpoints";
import { openKafka } from "../kafka/kafka-client";
import { withSession } from "../local/servers/sql-session";
import type { Bench } from "./bench";
import { ourConnector, prepareOutbox, requireOneNode, type Stream, withStream } from "./bench-stream";
import { type Measurement, ofRounds, type Round } from "./measurement";
import { until } from "./patience";
import { runPostgres } from "./servers";

const topic = "ecommerce.order.events";
/** The topic of another aggregate. Its event is written last and therefore comes last. */
const endTopic = "ecommerce.payment.events";
const baseSlot = "bench_base";
const basePublication = "bench_base";

/** Measures events per second from the outbox to Kafka, against `pg_recvlogical` reading whole rows from the same log. */
export async function measureThroughput(bench: Bench): Promise<readonly Measurement[]> {
  const { servers } = bench;
  requireOneNode(servers);
  return servers.withDatabase("ecommerce", (endpoints) =>
    withSession(endpoints.postgres, endpoints.postgres.database, async (client) => {
      await prepareOutbox(servers, endpoints, client);
      await client.query("SET synchronous_commit = off");
      await client.query(
        `CREATE PUBLICATION ${basePublication} FOR TABLE tenantry.outbox WITH (publish_via_partition_root = true)`,
      );
      const admin = openKafka(endpoints.kafka, "tenantry-bench").admin();
      await admin.connect();
      try {
        const context = { ...bench, endpoints, client, admin };
        return [...(await measureWorker(context, "eventual")), ...(await measureWorker(context, "strong"))];
      } finally {
        await admin.disconnect();
      }
    }),
  );
}

interface Context extends Bench {
  readonly endpoints: Endpoints;
  readonly client: Client;
  readonly admin: Admin;
}

/** Measures a new worker, and the same worker after it has become warm. */
async function measureWorker(context: Context, consistency: "strong" | "eventual"): Promise<Measurement[]> {
  const { servers, endpoints, client, sizes, progress } = context;
  const how = consistency === "strong" ? "exactly once" : "at least once";
  await servers.restartConnect(consistency === "strong");
  await client.query("TRUNCATE tenantry.outbox");
  return withStream(endpoints, client, await ourConnector(endpoints, consistency), async (stream) => {
    await makeTopics(context);
    await client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [baseSlot]);
    try {
      const round = (name: string) =>
        progress.part(
          `events, ${how}, ${name}`,
          () => oneRound(context, stream),
          ({ ours, theirs }) => `${Math.round(ours)} against ${Math.round(theirs)} events/s`,
        );
      const fresh = await round("fresh");
      for (let sent = sizes.events; sent < sizes.warmEvents; sent += sizes.events) await round("warming");
      const warm: Round[] = [];
      while (warm.length < sizes.rounds) warm.push(await round("warm"));
      const named = { against: "pg_recvlogical", unit: "events/s" } as const;
      return [
        ofRounds({ ...named, what: `outbox to Kafka, ${how}, fresh worker` }, [fresh]),
        ofRounds(
          {
            ...named,
            what: `outbox to Kafka, ${how}, warm worker`,
            target: { atLeast: consistency === "strong" ? 0.65 : 0.85 },
          },
          warm,
        ),
      ];
    } finally {
      await client.query("SELECT pg_drop_replication_slot($1)", [baseSlot]);
    }
  });
}

/** Writes the log and lets `pg_recvlogical` read it while the connector is stopped; then lets the connector read the same log. */
async function oneRound(context: Context, stream: Stream): Promise<Round> {
  const { client, sizes } = context;
  await stream.pause();
  await drain(context, await position(client));
  const before = await countOffsets(context, topic);
  const ends = await countOffsets(context, endTopic);
  await client.query("CALL public.load_outbox($1)", [sizes.events]);
  await writeOne(client, "payment");
  await client.query("CHECKPOINT");
  const baseSeconds = await drain(context, await position(client));
  await stream.resume();
  const ours = await watch(context, before, ends);
  return { ours, theirs: sizes.events / baseSeconds };
}

/**
 * Events per second between the first readable event and the last. The event in the other topic marks the end, because
 * exactly-once also uses offsets for the markers of its transactions. Events that came before the clock started are less than
 * one per cent.
 */
async function watch(context: Context, before: number, endsBefore: number): Promise<number> {
  let started: { readonly at: number; readonly events: number } | undefined;
  let ended = 0;
  await until(
    "all events have come",
    async () => {
      const [events, ends] = [await countOffsets(context, topic), await countOffsets(context, endTopic)];
      const now = performance.now();
      if (!started && events > before) started = { at: now, events: events - before };
      ended = now;
      return ends > endsBefore && events - before >= context.sizes.events;
    },
    20,
  );
  const { events } = context.sizes;
  if (!started || started.events >= events) throw new Error("All events came at once: measure more of them (--events)");
  return (events - started.events) / ((ended - started.at) / 1_000);
}

/** The seconds that `pg_recvlogical` takes to read up to the position. */
async function drain({ servers, endpoints }: Context, lsn: string): Promise<number> {
  const options = ["--slot", baseSlot, "--start", "-f", "/dev/null", "--endpos", lsn, "--no-loop"];
  const plugin = ["-o", "proto_version=1", "-o", `publication_names=${basePublication}`];
  const start = performance.now();
  await runPostgres(servers, endpoints, "pg_recvlogical", ["-d", endpoints.postgres.database, ...options, ...plugin]);
  return (performance.now() - start) / 1_000;
}

/** A position behind everything committed. The flushed message makes `pg_recvlogical` reach it. */
async function position(client: Client): Promise<string> {
  await client.query("SET synchronous_commit = on");
  await client.query("SELECT pg_logical_emit_message(true, 'bench', 'end')");
  await client.query("SET synchronous_commit = off");
  const { rows } = await client.query<{ lsn: string }>("SELECT pg_current_wal_flush_lsn() AS lsn");
  return rows[0]?.lsn ?? "";
}

async function writeOne(client: Client, aggregate: string): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
     VALUES (gen_random_uuid(), $1, '1', 'Marked', '{}')`,
    [aggregate],
  );
}

/** Writes one event to each topic, because Connect creates a topic with its first record. */
async function makeTopics(context: Context): Promise<void> {
  for (const aggregate of ["order", "payment"]) await writeOne(context.client, aggregate);
  await until("the topics are there", async () => {
    const existing = await context.admin.listTopics();
    return existing.includes(topic) && existing.includes(endTopic);
  });
}

/** Counts the offsets of committed records. kafkajs asks for the last stable offset. */
async function countOffsets({ admin }: Context, name: string): Promise<number> {
  const partitions = await admin.fetchTopicOffsets(name);
  return partitions.reduce((sum, { high }) => sum + Number(high), 0);
}
