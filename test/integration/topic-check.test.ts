import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { openKafka } from "../../kafka/kafka-client";
import { checkTopics } from "../../provider/connect/topic-check";
import { startProviderConnections } from "../../provider/protocol/provider-connections";
import { refusalOf } from "./connector-fixture";
import { freshDatabase, skip } from "./servers";

test("checks existing topics before any change", { skip }, async (t) => {
  const database = await freshDatabase();
  const { endpoints } = database;
  const admin = openKafka(endpoints.kafka, "topic-check-test").admin();
  await admin.connect();
  // A unique name, because all tests share the broker.
  const own = `t${randomUUID().slice(0, 8)}`;
  const made: string[] = [];
  t.after(async () => {
    await admin.deleteTopics({ topics: made });
    await admin.disconnect();
    await database.drop();
  });
  const make = async (topic: string, settings: Record<string, string> = {}) => {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] });
    made.push(topic);
  };
  const warned: string[] = [];
  const check = (names: readonly string[], recordBytes = 20_000) =>
    checkTopics(endpoints.kafka, { names, recordBytes }, (message) => warned.push(message));

  await t.test("accepts missing topics, and topics with Kafka's defaults", async () => {
    await check([]);
    await make(`${own}.good.events`);
    await check([`${own}.good.events`, `${own}.missing.events`]);
    assert.deepEqual(warned, []);
  });

  await t.test("reports all faults at once", async () => {
    await make(`${own}_eu.order.events`);
    await make(`${own}.small.events`, { "max.message.bytes": "10000" });
    await make(`${own}.last.events`, { "cleanup.policy": "compact" });
    const names = ["eu_order", "small", "last", "good"].map((aggregate) => `${own}.${aggregate}.events`);
    const refusal = await refusalOf(check(names));
    assert.match(refusal, new RegExp(`got: +${own}_eu.order.events`));
    assert.match(refusal, new RegExp(`${own}.small.events takes smaller records[^]*max.message.bytes=10000`));
    assert.match(refusal, new RegExp(`${own}.last.events is compacted`));
    assert.doesNotMatch(refusal, /good/);
    // Kafka itself rejects the topic that the check reported.
    await assert.rejects(make(`${own}.eu_order.events`));
  });

  await t.test("waits for the topic check before a change, but not before a read or a delete", async () => {
    const topics = { names: [`${own}.small.events`], recordBytes: 20_000 };
    const configuration = {
      endpoints,
      citus: "auto",
      allow: new Set<string>(),
      roles: [],
      databases: [],
      made: false,
    } as const;
    const engine = { info() {}, warn: (_urn: string, message: string) => void warned.push(message) };
    const connections = startProviderConnections(
      { ...configuration, topics },
      engine as unknown as Parameters<typeof startProviderConnections>[1],
    );
    const { database: opened } = await connections.context("urn");
    t.after(() => opened.close());
    assert.match(await refusalOf(connections.contextForChange("urn")), /takes smaller records/);
    assert.match(await refusalOf(connections.contextForChange("urn")), /see the first error of this run/);
    await connections.context("urn");
  });

  await t.test("warns if a broker does not answer", async () => {
    await checkTopics({ bootstrapServers: ["127.0.0.1:1"] }, { names: ["a"], recordBytes: 1 }, (message) =>
      warned.push(message),
    );
    assert.match(warned.at(-1) ?? "", /could not be looked at \(.+\): one that takes no event would stop all/);
  });
});
