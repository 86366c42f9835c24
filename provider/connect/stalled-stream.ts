import { setTimeout as sleep } from "node:timers/promises";
import type { Endpoints } from "../../architecture/endpoints";
import { readTopics } from "../../kafka/existing-topics";
import { openKafka } from "../../kafka/kafka-client";
import type { StreamedEvent } from "../events/outbox-stream";
import type { Connect } from "./connect-state";
import { parsePosition, type StreamPosition, type Unsent } from "./stream-position";
import type { TaskFailure } from "./task-failure";

/** Age at which an event should have been sent, in ms. */
const patienceMs = 30_000;
/** Pause between two looks at the position, in ms: a connector that has just started may still make the topic. */
const pauseMs = 5_000;

/**
 * Finds why a running connector sends nothing. While the topic of a record is missing, Connect tries that record again
 * without end, shows no failure, and makes no topic that it has seen before.
 */
export async function findStall(
  kafka: Endpoints["kafka"],
  connect: Connect,
  {
    connector,
    position,
    next,
  }: { connector: string; position: StreamPosition | undefined; next: Unsent<StreamedEvent> },
): Promise<TaskFailure | undefined> {
  if (Date.now() - Number(next.transaction.committedUs / 1_000n) < patienceMs) return undefined;
  const { topic } = next.change;
  const isMissing = async () => {
    const found = await readTopics(openKafka(kafka, "tenantry-diagnosis", 1), []).catch(() => undefined);
    return found?.names.includes(topic) === false;
  };
  if (!(await isMissing())) return undefined;
  await sleep(pauseMs);
  const now = parsePosition(await connect.offsets(connector));
  const hasMoved = JSON.stringify(now?.offset) !== JSON.stringify(position?.offset);
  if (hasMoved || !(await isMissing())) return undefined;
  return {
    kind: "topic",
    cause: `the topic ${topic} does not exist; Connect tries again without end`,
    fix: `make the topic again, or restart the connector (POST /connectors/${connector}/restart?includeTasks=true), so that Connect makes it`,
  };
}
