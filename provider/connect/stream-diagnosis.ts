import type { Endpoints } from "../../architecture/endpoints";
import { readTopics } from "../../kafka/existing-topics";
import { openKafka } from "../../kafka/kafka-client";
import { type OutboxStream, readUnsent, type StreamedEvent, type UnsentStream } from "../events/outbox-stream";
import type { Connect, ConnectorConfig, ConnectorState } from "./connect-state";
import { findStall } from "./stalled-stream";
import { parsePosition, type StreamPosition, type Unsent } from "./stream-position";
import { failureOf, type TaskFailure } from "./task-failure";

/** State of the stream of one node's events to Kafka, and the event that it is stuck at. */
export interface Diagnosis {
  readonly stream: OutboxStream;
  /** `MISSING`: the connector does not exist. */
  readonly state: ConnectorState | "MISSING";
  /** Current configuration in Connect. */
  readonly config: ConnectorConfig;
  /** Failure of a task, or the reason why one that runs sends nothing. */
  readonly failure: TaskFailure | undefined;
  readonly position: StreamPosition | undefined;
  /** Events to be sent; undefined if the log can't be read, with the reason in `unreadable`. */
  readonly stood: UnsentStream | undefined;
  readonly unreadable?: string;
  /** Change that the task fails at, if known. */
  readonly suspect: Suspect | undefined;
}

interface Suspect {
  readonly unsent: Unsent<StreamedEvent>;
  /** Number of changes before it in the same batch. */
  readonly before: number;
}

/** Limits by topic. Missing topics are left out. Undefined if Kafka can't be asked. */
type TopicLimits = ReadonlyMap<string, number> | undefined;

/** Reads only. If the log or Kafka can't be read, that part is left out. */
export async function diagnose(
  { postgres, kafka }: Pick<Endpoints, "postgres" | "kafka">,
  connect: Connect,
  stream: OutboxStream,
): Promise<Diagnosis> {
  const { connector } = stream.connector;
  const status = await connect.status(connector);
  const config = (await connect.config(connector)) ?? stream.connector.config;
  const position = parsePosition(status ? await connect.offsets(connector) : []);
  const failed = status && failureOf(status);
  const state = !status ? "MISSING" : failed ? "FAILED" : status.connector;
  const look = await readUnsent(postgres, stream, position).catch((error: unknown) => error);
  if (look instanceof Error) {
    const unreadable = look.message.split("\n", 1)[0] ?? "";
    return { stream, state, config, failure: failed, position, stood: undefined, unreadable, suspect: undefined };
  }
  const stood = look as UnsentStream;
  const [next] = stood.unsent;
  const stall =
    state === "RUNNING" && next ? await findStall(kafka, connect, { connector, position, next }) : undefined;
  const failure = failed ?? stall;
  const batch = stood.unsent.slice(0, 2 * Number(config["max.batch.size"] ?? 2_048));
  const limits = failure && (await limitsOf(kafka, batch));
  return {
    stream,
    state,
    config,
    failure,
    position,
    stood,
    suspect: failure && suspectOf(failure, batch, limits, config),
  };
}

async function limitsOf(kafka: Endpoints["kafka"], batch: readonly Unsent<StreamedEvent>[]): Promise<TopicLimits> {
  const topics = new Set(batch.map(({ change }) => change.topic));
  const found = await readTopics(openKafka(kafka, "tenantry-diagnosis", 1), [...topics]).catch(() => undefined);
  return (
    found && new Map([...found.settings].map(([topic, settings]) => [topic, Number(settings["max.message.bytes"])]))
  );
}

/** Kafka's default size of a producer's request, in bytes. */
const standardRequestBytes = 1_048_576;

/** Finds the change of a batch that a task failed at. Connect's error names no event, and rarely a topic. */
export function suspectOf(
  { kind, cause }: Pick<TaskFailure, "kind" | "cause">,
  batch: readonly Unsent<StreamedEvent>[],
  limits: TopicLimits,
  config: ConnectorConfig,
): Suspect | undefined {
  if (kind === "elsewhere" || batch.length === 0) return undefined;
  const request = Number(config["producer.override.max.request.size"] ?? standardRequestBytes);
  const isTooLarge = (change: StreamedEvent) => change.bytes > Math.min(request, limits?.get(change.topic) ?? request);
  const isWithoutTopic = (change: StreamedEvent) => limits?.has(change.topic) === false;
  const isNamed = (change: StreamedEvent) => namesTopic(cause, change.topic);
  const isSign = {
    "too large": [isTooLarge],
    topic: [isNamed, isWithoutTopic],
    memory: [],
    record: [isNamed, isTooLarge, isWithoutTopic],
  }[kind];
  const found = isSign.map((sign) => batch.findIndex(({ change }) => sign(change))).find((index) => index >= 0);
  const before = found ?? (kind === "too large" || kind === "memory" ? largest(batch) : 0);
  const unsent = batch[before];
  return unsent && { unsent, before };
}

function namesTopic(cause: string, topic: string): boolean {
  return new RegExp(`(?<![\\w.-])${topic.replaceAll(/[^\w]/g, "\\$&")}(?![\\w-])`).test(cause);
}

function largest(batch: readonly Unsent<StreamedEvent>[]): number {
  return batch.reduce((best, { change }, index) => (change.bytes > (batch[best]?.change.bytes ?? 0) ? index : best), 0);
}

/** Describes the event for people, without its content. */
export function describeChange({ change, transaction }: Unsent<StreamedEvent>): string {
  const size = `about ${change.bytes.toLocaleString("en")} bytes`;
  const committed = new Date(Number(transaction.committedUs / 1_000n)).toISOString();
  return `event ${change.id} of tenant ${change.tenant}: ${change.aggregateType} to topic ${change.topic}, ${size}${describeSizes(change)}, committed ${committed}`;
}

function describeSizes({ sizes }: StreamedEvent): string {
  const [column, bytes] = Object.entries(sizes).toSorted(([, a], [, b]) => b - a)[0] ?? [];
  return column === undefined || bytes === undefined || bytes < 1_024
    ? ""
    : `, ${bytes.toLocaleString("en")} of them \`${column}\``;
}
