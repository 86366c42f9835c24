import { setTimeout as sleep } from "node:timers/promises";
import { topicProblems, type WantedTopics } from "../../architecture/data-plane/topics";
import type { KafkaEndpoint } from "../../architecture/endpoints";
import { refuseIfAny } from "../../common/problem";

/** Time in which Kafka must answer, in ms. */
const patienceMs = 10_000;

/**
 * Checks the existing topics. If Kafka does not answer, or refuses this login, it only warns: changes to the database
 * do not need Kafka.
 *
 * @throws Problems if a topic would refuse events, or events would go to another topic
 */
export async function checkTopics(
  endpoint: KafkaEndpoint,
  wanted: WantedTopics,
  warn: (message: string) => void,
): Promise<void> {
  if (wanted.names.length === 0) return;
  // Loads the Kafka client only here, and with `require`: the provider's TypeScript loader does not support
  // `import()`.
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
