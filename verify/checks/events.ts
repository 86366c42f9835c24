import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBase } from "pg";
import type { Aggregate } from "../../architecture/application";
import { eventsSchema } from "../../architecture/application-names";
import { outbox } from "../../architecture/data-plane/outbox-table";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import { openKafka } from "../../kafka/kafka-client";
import type { EventRecord } from "../../kafka/record";
import { readEnds, tail, waitForTopics } from "../../kafka/topic-tail";
import type { Check } from "../check";
import { type Finding, fail, judge, skip } from "../finding";
import { probeTenants } from "../probe-tenants";
import { clearingProbes, signed } from "../probing";
import type { Target } from "../target";
import { asWriter } from "../writer";

/** Payloads that a converter might change: decimals, key order, mixed arrays, escapes, non-ASCII text. */
const payloads = [
  `{"total": 12.50, "b": 1, "a": 1e2, "items": [1, "x", [2, {"k": null}]], "empty": {}, "none": []}`,
  `["Zoë", "日本語", "🛒", "\\"quoted\\"", "back\\\\slash", "line\\nfeed", "</script>", "\\u0001", true]`,
];
/** Time in which a second copy of an arrived event may come. */
const duplicatePatienceMs = 1_000;

/** Committed event, as stored in the outbox. */
interface Sent {
  readonly id: string;
  readonly tenant: string;
  readonly aggregate: Aggregate;
  readonly key: string;
  readonly type: string;
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Writes events of a probe tenant, and looks for them in Kafka. */
export const events: Check = {
  name: "events",
  claim: "a committed event arrives exactly once with its key, headers and payload as written; a rolled-back one never",
  async run(target) {
    const { aggregates } = target.application.events;
    if (aggregates.length === 0) return [skip(target.application.name, "no aggregate is declared")];
    return clearingProbes(target, () => sendAndLook(target, aggregates));
  },
};

async function sendAndLook(target: Target, aggregates: readonly Aggregate[]): Promise<readonly Finding[]> {
  const kafka = openKafka(target.endpoints.kafka, "tenantry-verify");
  const topics = aggregates.map(({ topic }) => topic);
  const ends = await readEnds(kafka, topics);
  const { scope } = target.application;
  const tenant = scope?.tenant?.id ?? probeTenants(target.application.tenant.type).make();
  const started = Date.now();
  const sent: Sent[] = [];
  const rolledBack: string[] = [];
  for (const aggregate of aggregates) {
    const key = randomUUID();
    sent.push(...(await send(target, tenant, aggregate, key, payloads)));
    rolledBack.push(await sendInVain(target, tenant, aggregate, key));
    // It has the same key and so the same partition: once it has arrived, earlier events have too.
    sent.push(...(await send(target, tenant, aggregate, key, [`{"marker": true}`])));
  }
  const missing = await waitForTopics(kafka, topics, target.eventTimeoutMs);
  const seen: EventRecord[] = [];
  const present = topics.filter((topic) => !missing.includes(topic));
  if (present.length > 0) {
    const reading = await tail(kafka, present, ends, (record) => {
      if ((record.tenant === tenant && !scope) || sent.some(({ id }) => id === record.id)) seen.push(record);
    });
    try {
      await waitForAll(sent, seen, started + target.eventTimeoutMs);
    } finally {
      await reading.stop();
    }
  }
  return aggregates.map((aggregate) =>
    judgeAggregate(
      target,
      aggregate,
      sent.filter((event) => event.aggregate === aggregate),
      rolledBack,
      seen,
    ),
  );
}

async function waitForAll(sent: readonly Sent[], seen: readonly EventRecord[], deadline: number): Promise<void> {
  while (Date.now() < deadline) {
    const ids = new Set(seen.map(({ id }) => id));
    if (sent.every(({ id }) => ids.has(id))) return sleep(duplicatePatienceMs);
    await sleep(50);
  }
}

async function send(target: Target, tenant: string, aggregate: Aggregate, key: string, contents: readonly string[]) {
  return asWriter(target, tenant, async (client) => {
    const sent: Sent[] = [];
    for (const content of contents) {
      const id = await emit(client, tenant, aggregate, key, content);
      const { rows } = await client.query<{ payload: string; ms: string }>(
        signed(`SELECT payload::text AS payload, floor(extract(epoch FROM created_at) * 1000)::text AS ms
         FROM ${quoteQualified(eventsSchema(target.application), outbox.table)}
         WHERE ${quoteIdentifier(target.application.tenant.column)} = $1 AND id = $2`),
        [tenant, id],
      );
      const [row] = rows;
      if (!row) throw new Error("the event that was just written is not in the outbox");
      sent.push({ id, tenant, aggregate, key, type, payload: row.payload, createdAt: Number(row.ms) });
    }
    return sent;
  });
}

const type = "TenantryVerify";

async function emit(client: ClientBase, tenant: string, aggregate: Aggregate, key: string, payload: string) {
  const { rows } = await client.query<{ id: string }>("SELECT tenantry.emit($1, $2, $3, $4, $5::jsonb) AS id", [
    tenant,
    aggregate.name,
    key,
    type,
    payload,
  ]);
  return rows[0]?.id ?? "";
}

async function sendInVain(target: Target, tenant: string, aggregate: Aggregate, key: string): Promise<string> {
  let id = "";
  const undo = new Error("rolled back on purpose");
  await asWriter(target, tenant, async (client) => {
    id = await emit(client, tenant, aggregate, key, `{"rolledBack": true}`);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
  return id;
}

function judgeAggregate(
  target: Target,
  aggregate: Aggregate,
  sent: readonly Sent[],
  rolledBack: readonly string[],
  seen: readonly EventRecord[],
): Finding {
  const wrong = new Set<string>();
  for (const event of sent) {
    const copies = seen.filter(({ id }) => id === event.id);
    if (copies.length > 1) wrong.add(`an event arrived ${copies.length} times`);
    for (const copy of copies) for (const difference of compare(event, copy)) wrong.add(difference);
  }
  const keys = new Set(sent.map(({ key }) => key));
  if (seen.some(({ id, key }) => keys.has(key) && rolledBack.includes(id))) wrong.add("a rolled-back event arrived");
  const lost = sent.filter(({ id }) => !seen.some((record) => record.id === id)).length;
  if (lost > 0) {
    wrong.add(`${lost} of ${sent.length} events did not arrive within ${target.eventTimeoutMs / 1_000} s`);
    return fail(aggregate.topic, [...wrong].join("; "));
  }
  return judge(
    aggregate.topic,
    [...wrong],
    `${sent.length} events arrived once, as written; the rolled-back one did not`,
  );
}

/** Differences between the outbox's row and Kafka's record. */
export function compare(sent: Sent, record: EventRecord): readonly string[] {
  const differ: string[] = [];
  const hold = (what: string, got: string, expected: string) => {
    if (got !== expected) differ.push(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
  };
  hold("the topic", record.topic, sent.aggregate.topic);
  hold("the key", record.key, sent.key);
  hold("the header tenant", record.tenant, sent.tenant);
  hold("the header type", record.type, sent.type);
  hold("the payload", record.payload, sent.payload);
  if (milliseconds(record.createdAt) !== sent.createdAt) {
    hold("the header created_at", record.createdAt, new Date(sent.createdAt).toISOString());
  }
  return differ;
}

/** Debezium writes a timestamptz as microseconds since 1970 or as ISO text, depending on its way through the router. */
function milliseconds(createdAt: string): number {
  return /^\d+$/.test(createdAt) ? Math.floor(Number(createdAt) / 1_000) : Date.parse(createdAt);
}
