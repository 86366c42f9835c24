import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openKafka } from "../../kafka/kafka-client";
import { tail } from "../../kafka/topic-tail";
import { openConnect } from "../../provider/connect/connect-client";
import { connector } from "../../provider/resources/connector";
import { startConnectorFixture } from "./connector-fixture";
import { startExtraConnect } from "./extra-connect";
import { servers, skip } from "./servers";

test("sends each large event once, although the worker's heap can't hold all of them", {
  skip,
}, async (t) => {
  const [count, bytes] = [600, 900_000];
  // The heap is 256 MiB. Without the topic the producer waits a minute, and all events that the reader finds wait too.
  const own = await startExtraConnect(t, servers(), ["topic.creation.enable=false"]);
  const fixture = await startConnectorFixture(t);
  const context = { ...fixture, connect: openConnect(own) };
  const { "exactly.once.support": _, "transaction.boundary": __, ...config } = fixture.inputs.config;
  const { application, run, inputs } = fixture;
  await run(`INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
    SELECT gen_random_uuid(), 'order', 'o' || i, 'Placed', to_jsonb(repeat(md5(i::text), ${bytes / 32}))
    FROM generate_series(1, ${count}) AS i`);
  const kafka = openKafka(servers().kafka, "large-events-test");
  const admin = kafka.admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  await admin.createTopics({ topics: [{ topic: `__debezium-heartbeat.${inputs.connector}` }] });
  await connector.create(context, { ...inputs, config });
  await sleep(30_000);

  const topic = `${application.name}.order.events`;
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
  const keys = new Set<string>();
  const reader = await tail(kafka, [topic], new Map(), ({ key }) => keys.add(key));
  for (const deadline = Date.now() + 120_000; keys.size < count && Date.now() < deadline; ) await sleep(500);
  await reader.stop();
  assert.equal(keys.size, count, "every event arrives");
  const status = await context.connect.status(inputs.connector);
  assert.deepEqual(
    status?.tasks.map(({ state }) => state),
    ["RUNNING"],
  );
});
