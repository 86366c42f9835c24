import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openKafka } from "../../kafka/kafka-client";
import { tail } from "../../kafka/topic-tail";
import { servers, skip } from "./servers";

test("reads each record once, even after the reader lost its partitions in its group", { skip }, async (t) => {
  const kafka = openKafka(servers().kafka, "tail-test");
  const topic = `tail-${randomUUID()}`;
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  t.after(async () => {
    await admin.deleteTopics({ topics: [topic] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  const send = (...ids: string[]) =>
    producer.send({ topic, messages: ids.map((id) => ({ key: "k", value: "{}", headers: { id } })) });
  const seen: string[] = [];
  const until = async (count: number) => {
    for (const deadline = Date.now() + 60_000; seen.length < count && Date.now() < deadline; ) await sleep(100);
  };
  const before = new Set((await admin.listGroups()).groups.map(({ groupId }) => groupId));
  await send("a", "b", "c");
  const reader = await tail(kafka, [topic], new Map(), ({ id }) => seen.push(id));
  t.after(reader.stop);
  await until(3);
  const { groups } = await admin.listGroups();
  const own = groups.filter(({ groupId }) => groupId.startsWith("tenantry-tail-") && !before.has(groupId));
  // Another member takes the partitions and leaves, as if the group had removed a reader that was held up.
  for (const { groupId } of own) {
    const other = kafka.consumer({ groupId });
    await other.connect();
    await other.subscribe({ topics: [topic] });
    await other.run({ autoCommit: false, eachMessage: async () => {} });
    await sleep(5_000);
    await other.disconnect();
  }
  await send("d");
  await until(4);
  await sleep(1_000);
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
});
