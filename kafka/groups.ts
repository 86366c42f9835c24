import type { Kafka } from "kafkajs";

/** The consumer groups that have committed a position in any of the topics. */
export async function readGroups(kafka: Kafka, topics: readonly string[]): Promise<readonly string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const known = topics.filter((topic) => existing.has(topic));
    if (known.length === 0) return [];
    const { groups } = await admin.listGroups();
    const reading: string[] = [];
    for (const { groupId, protocolType } of groups) {
      // Connect's groups have another protocol type. A group that only commits positions has an empty one.
      if (protocolType !== "consumer" && protocolType !== "") continue;
      const positions = await admin.fetchOffsets({ groupId, topics: [...known] });
      if (positions.some(({ partitions }) => partitions.some(({ offset }) => Number(offset) >= 0)))
        reading.push(groupId);
    }
    return reading.toSorted();
  } finally {
    await admin.disconnect();
  }
}
