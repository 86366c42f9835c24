import { ConfigResourceTypes, type Kafka } from "kafkajs";

/** The largest batch that each topic takes, in bytes; a topic that does not exist is left out. */
export async function readTopicLimits(kafka: Kafka, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const known = topics.filter((topic) => existing.has(topic));
    if (known.length === 0) return new Map();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: known.map((name) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configNames: ["max.message.bytes"],
      })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => [resourceName, Number(configEntries[0]?.configValue)]),
    );
  } finally {
    await admin.disconnect();
  }
}
