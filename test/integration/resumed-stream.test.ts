import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigResourceTypes } from "kafkajs";
import { Client } from "pg";
import { openKafka } from "../../kafka/kafka-client";
import { awaitStopped } from "../../provider/connect/connector-health";
import { parseLsn } from "../../provider/connect/stream-position";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { connector } from "../../provider/resources/connector";
import { type ConnectorFixture, startConnectorFixture } from "./connector-fixture";
import { servers, skip } from "./servers";

async function openSession(t: TestContext, { database: { endpoint } }: ConnectorFixture): Promise<Client> {
  const client = new Client(clientConfig(endpoint));
  // The database may be dropped before the client closes.
  client.on("error", () => {});
  await client.connect();
  t.after(() => client.end());
  return client;
}

async function write(client: Client): Promise<string> {
  const id = randomUUID();
  await client.query(
    `INSERT INTO tenantry.outbox (tenant_id, id, aggregate_type, aggregate_id, type, payload)
     VALUES (gen_random_uuid(), $1, 'order', 'o', 'Placed', '{}')`,
    [id],
  );
  return id;
}

/** Writes events by one COPY, which puts them into one WAL record. Returns their ids. */
async function copy(client: Client, sizes: readonly number[]): Promise<readonly string[]> {
  const ids = sizes.map(() => randomUUID());
  const lines = ids.map((id, index) => {
    const payload = JSON.stringify({ text: randomBytes((sizes[index] ?? 0) / 2).toString("hex") });
    return [randomUUID(), id, "order", "o", "Placed", payload].join("\t");
  });
  const columns = "tenant_id, id, aggregate_type, aggregate_id, type, payload";
  await client.query(`COPY tenantry.outbox (${columns}) FROM PROGRAM $p$printf '%s\n' '${lines.join("' '")}'$p$`);
  return ids;
}

/** Sets the maximum size of the topic's records in bytes. */
async function limit(topic: string, bytes: number): Promise<void> {
  const admin = openKafka(servers().kafka, "resume-test").admin();
  await admin.connect();
  const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
  await admin.disconnect();
}

async function awaitFailed({ connect, inputs }: ConnectorFixture): Promise<void> {
  for (const deadline = Date.now() + 150_000; Date.now() < deadline; await sleep(500)) {
    const status = await connect.status(inputs.connector);
    if (status?.tasks.some(({ state }) => state === "FAILED")) return;
  }
  assert.fail("the connector did not fail");
}

async function stop({ connect, inputs, ...rest }: ConnectorFixture): Promise<void> {
  await connect.stop(inputs.connector);
  await awaitStopped({ connect, ...rest }, inputs.connector);
}

async function assertOnceEach(fixture: ConnectorFixture, ids: readonly string[]): Promise<void> {
  const records = await fixture.sent(ids.length);
  assert.deepEqual(records.map(({ id }) => id).toSorted(), ids.toSorted());
}

for (const sent of [1, 2, 3]) {
  for (const place of ["first", "after another event"] as const) {
    test(`after ${sent} sent events of one COPY, ${place} in its transaction, sends each other event once`, {
      skip,
    }, async (t) => {
      const fixture = await startConnectorFixture(t);
      const { connect, inputs, application } = fixture;
      // The connector sends single records, so it stops after exactly these events.
      await connector.create(fixture, {
        ...inputs,
        config: {
          ...inputs.config,
          "max.batch.size": "1",
          "max.queue.size": "2",
          "producer.override.linger.ms": "0",
          "producer.override.transaction.timeout.ms": "10000",
        },
      });
      const client = await openSession(t, fixture);
      const ids = [await write(client)];
      await fixture.sent(1);
      const topic = `${application.name}.order.events`;
      await limit(topic, 2_000);
      if (place !== "first") await client.query("BEGIN");
      if (place !== "first") ids.push(await write(client));
      ids.push(...(await copy(client, [...Array<number>(sent).fill(20), 12_000, 20, 20])));
      if (place !== "first") await client.query("COMMIT");
      await awaitFailed(fixture);
      await stop(fixture);
      await limit(topic, 1_000_000);
      await connect.resume(inputs.connector);
      await assertOnceEach(fixture, ids);
    });
  }
}

test("resumes within a transaction whose next event begins where the last commit ends", {
  skip,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { connect, inputs, run } = fixture;
  // A heartbeat after each commit stores the end of that commit as the position. Its own commits don't count.
  const { "heartbeat.action.query": _, ...config } = inputs.config;
  await connector.create(fixture, { ...inputs, config: { ...config, "heartbeat.interval.ms": "1" } });
  const [open, other] = [await openSession(t, fixture), await openSession(t, fixture)];
  const end = async () => (await run("SELECT pg_current_wal_insert_lsn()::text AS lsn"))[0]?.lsn;
  const ids: string[] = [];
  // Other sessions write WAL too, so not every attempt produces this position.
  for (let met = false; !met; ) {
    await open.query("BEGIN");
    const pending = [await write(open)];
    ids.push(await write(other));
    const before = await end();
    pending.push(await write(open));
    ids.push(...pending);
    await fixture.sent(ids.length - pending.length);
    await sleep(1_000);
    const offset = (await connect.offsets(inputs.connector))[0]?.offset;
    await stop(fixture);
    met = offset?.messageType === "COMMIT" && offset.lsn === Number(parseLsn(String(before)));
    ids.push(await write(open));
    await open.query("COMMIT");
    await connect.resume(inputs.connector);
    await assertOnceEach(fixture, ids);
  }
});
