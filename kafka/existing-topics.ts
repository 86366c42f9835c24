import { ConfigResourceTypes, type Kafka } from "kafkajs";
import { type FoundTopics, topicSettings } from "../architecture/data-plane/topics";

/** The topics that the login can see, and the settings of the given ones. */
export async function readTopics(kafka: Kafka, topics: readonly string[]): Promise<FoundTopics> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const names = await admin.listTopics();
    const known = topics.filter((topic) => names.includes(topic));
    if (known.length === 0) return { names, settings: new Map() };
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: known.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: [...topicSettings] })),
    });
    const settings = resources.map(({ resourceName, configEntries }) => {
      const values = configEntries.map(({ configName, configValue }) => [configName, configValue] as const);
      return [resourceName, Object.fromEntries(values)] as const;
    });
    return { names, settings: new Map(settings) };
  } finally {
    await admin.disconnect();
  }
}
