import { setTimeout as sleep } from "node:timers/promises";
import { topicProblems, type WantedTopics } from "../../architecture/data-plane/topics";
import type { KafkaEndpoint } from "../../architecture/endpoints";
import { refuseIfAny } from "../../common/problem";

/** How long Kafka may take to answer. */
const patienceMs = 10_000;

/**
 * Ends with Problems where events could not go to a topic that exists, or beside one. Where Kafka does not answer, or not
 * to this login, that is a warning: what is applied to the database does not need it.
 */
export async function checkTopics(
  endpoint: KafkaEndpoint,
  wanted: WantedTopics,
  warn: (message: string) => void,
): Promise<void> {
  if (wanted.names.length === 0) return;
  // Loaded only here. Not by `import()`: the provider's loader of TypeScript knows `require` alone.
  const { openKafka }: typeof import("../../kafka/kafka-client") = require("../../kafka/kafka-client");
  const { readTopics }: typeof import("../../kafka/existing-topics") = require("../../kafka/existing-topics");
  const late = sleep(patienceMs, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${patienceMs / 1_000} s`);
  });
  const reading = readTopics(openKafka(endpoint, "tenantry-topics", 0), wanted.names);
  const found = await Promise.race([reading, late]).catch((error: unknown) => {
    reading.catch(() => {});
    warn(
      `the topics in Kafka could not be looked at (${error instanceof Error ? error.message : String(error)}): ` +
        "one that takes no event would stop all",
    );
  });
  if (found) refuseIfAny(topicProblems(wanted, found));
}
