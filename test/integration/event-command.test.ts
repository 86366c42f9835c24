import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigResourceTypes } from "kafkajs";
import { Client } from "pg";
import { openKafka } from "../../kafka/kafka-client";
import { tail, waitForTopics } from "../../kafka/topic-tail";
import { openConnect } from "../../provider/connect/connect-client";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { makeProject } from "./project";
import { skip } from "./servers";

test("`events` names the event, shows its steps, continues after kill -9, and sends the event later", {
  skip,
}, async (t) => {
  const project = await makeProject(t);
  const { postgres, kafka, connect: endpoint } = project.endpoints;
  const applied = await project.tenantry("up", "-s", "it", "--yes", "--skip-preview");
  assert.equal(applied.code, 0, applied.text);
  const topic = `${project.application}.order.events`;
  const connect = openConnect(endpoint);
  const admin = new Client(clientConfig(postgres));
  admin.on("error", () => {});
  await admin.connect();
  t.after(() => admin.end());
  const emit = async (bytes: number) => {
    const tenant = randomUUID();
    const payload = JSON.stringify({ text: randomBytes(bytes / 2).toString("hex") });
    await admin.query("BEGIN");
    await admin.query("SELECT tenantry.set_tenant($1)", [tenant]);
    const { rows } = await admin.query<{ id: string }>("SELECT tenantry.emit($1, 'order', 'o', 'Placed', $2) AS id", [
      tenant,
      payload,
    ]);
    await admin.query("COMMIT");
    return { id: rows[0]?.id ?? "", tenant };
  };
  const others = [(await emit(20)).id];
  // A task reports a failed write after its transaction's timeout, which is a minute by Kafka's default.
  // On Citus each worker has a connector, and the tenants decide which of them sends an event.
  const connectors = (await connect.names()).filter((name) => name.startsWith(`${project.application}-outbox-`));
  assert(connectors.length > 0);
  for (const connector of connectors) {
    // Stopped meanwhile: a task of the former setting could fail first, and be restarted by this one.
    await connect.stop(connector);
    while (((await connect.status(connector))?.tasks.length ?? 0) > 0) await sleep(200);
    const config = await connect.config(connector);
    await connect.put(connector, { ...config, "producer.override.transaction.timeout.ms": "10000" });
    await connect.resume(connector);
  }
  const limit = async (bytes: number) => {
    const client = openKafka(kafka, "command-test").admin();
    assert.deepEqual(await waitForTopics(openKafka(kafka, "command-test"), [topic], 60_000), []);
    await client.connect();
    const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
    await client.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    });
    await client.disconnect();
  };
  await limit(1_500);
  others.push((await emit(20)).id);
  const poison = await emit(7_000);
  others.push((await emit(20)).id);
  for (let states: readonly unknown[] = []; !states.includes("FAILED"); await sleep(500)) {
    states = await Promise.all(connectors.map(async (each) => (await connect.status(each))?.tasks[0]?.state));
  }

  const status = await project.tenantry("events", "status", "-s", "it");
  assert.equal(status.code, 1);
  assert.match(status.text, /cause: {2}RecordTooLargeException/);
  assert.match(status.text, new RegExp(`event ${poison.id} of tenant ${poison.tenant}: order to topic ${topic}`));
  const json = JSON.parse((await project.tenantry("events", "status", "-s", "it", "--json")).text) as {
    connectors: readonly { event?: { id: string } }[];
  };
  assert.deepEqual(
    json.connectors.flatMap(({ event }) => event?.id ?? []),
    [poison.id],
  );
  const verified = await project.tenantry("verify", "-s", "it", "--only", "connectors");
  assert.equal(verified.code, 1);
  assert.match(
    verified.text.replaceAll(/[\s│]+/g, " "),
    new RegExp(`RecordTooLargeException.*it fails at event ${poison.id}`),
  );

  const asked = await project.tenantry("events", "park", poison.id, "-s", "it");
  assert.equal(asked.code, 1);
  assert.match(asked.text, /Will:\n.*INSERT INTO "tenantry"."parked_events".*PATCH.*add --yes/s);
  const args = ["events", "park", poison.id, "-s", "it", "--yes"];
  for (const afterMs of [9_000, 16_000]) {
    const running = project.start(...args);
    const ended = once(running, "close");
    await sleep(afterMs);
    if (running.pid !== undefined && running.exitCode === null) process.kill(-running.pid, "SIGKILL");
    await ended;
  }
  const parked = await project.tenantry(...args);
  assert(parked.code === 0 || /parked already/.test(parked.text), parked.text);
  const listed = await project.tenantry("events", "list", "-s", "it");
  assert.match(listed.text, new RegExp(`${poison.id} +${poison.tenant} .*RecordTooLargeException`));
  others.push((await emit(20)).id);

  await limit(1_000_000);
  const sent = await project.tenantry("events", "send", poison.id, "-s", "it", "--yes");
  assert.equal(sent.code, 0, sent.text);
  const arrived: string[] = [];
  const reader = await tail(openKafka(kafka, "command-test"), [topic], new Map(), ({ id }) => arrived.push(id));
  for (const deadline = Date.now() + 60_000; !arrived.includes(poison.id) && Date.now() < deadline; ) await sleep(200);
  await sleep(1_500);
  await reader.stop();
  assert.deepEqual(arrived.toSorted(), [...others, poison.id].toSorted(), "each once");
  assert.equal((await project.tenantry("events", "status", "-s", "it")).code, 0);
});
