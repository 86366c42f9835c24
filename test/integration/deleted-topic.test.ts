import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { queries } from "../../components/monitoring/queries";
import { openKafka } from "../../kafka/kafka-client";
import { failedConnectors } from "../../local/failed-connectors";
import { openConnect } from "../../provider/connect/connect-client";
import { diagnose } from "../../provider/connect/stream-diagnosis";
import { connector } from "../../provider/resources/connector";
import { connectors } from "../../verify/checks/connectors";
import type { Target } from "../../verify/target";
import { startConnectorFixture } from "./connector-fixture";
import { startExtraConnect } from "./extra-connect";
import { servers, skip } from "./servers";

for (const delivery of ["exactly once", "at least once"] as const) {
  test(`names slot, event and topic if a topic is deleted under a running connector, delivered ${delivery}`, {
    skip,
  }, async (t) => {
    const { kafka, connect: shared, postgres } = servers();
    const endpoint = delivery === "exactly once" ? shared : await startExtraConnect(t, servers());
    const fixture = await startConnectorFixture(t);
    const context = { ...fixture, connect: openConnect(endpoint) };
    const { "exactly.once.support": _, "transaction.boundary": __, ...plain } = fixture.inputs.config;
    const inputs = delivery === "exactly once" ? fixture.inputs : { ...fixture.inputs, config: plain };
    const { id } = await connector.create(context, inputs);
    await fixture.emit(3);
    await fixture.sent(3);
    const topic = `${fixture.application.name}.order.events`;
    const admin = openKafka(kafka, "deleted-topic-test").admin();
    await admin.connect();
    t.after(() => admin.disconnect());
    await admin.deleteTopics({ topics: [topic] });
    await fixture.emit(2);

    const at = { postgres: fixture.database.endpoint, kafka };
    const stream = { connector: inputs, slot: fixture.slot };
    const look = () => diagnose(at, context.connect, stream);
    const started = Date.now();
    let diagnosis = await look();
    for (; !diagnosis.failure && Date.now() - started < 120_000; diagnosis = await look()) await sleep(1_000);
    assert.equal(diagnosis.state, "RUNNING");
    assert.match(diagnosis.failure?.cause ?? "", new RegExp(`the topic ${topic} does not exist`));
    const { slot } = fixture.slot;
    const { change } = diagnosis.suspect?.unsent ?? assert.fail("it names no event");
    const event = `event ${change.id} of tenant ${change.tenant}: order to topic ${topic}`;

    const declarations = [
      { noun: "ReplicationSlot", name: slot, inputs: fixture.slot },
      { noun: "Connector", name: id, inputs },
    ];
    const endpoints = { postgres: fixture.database.endpoint, kafka, connect: endpoint };
    const [seen] = await connectors.run({ endpoints, declarations } as unknown as Target);
    assert.equal(seen?.outcome, "fail");
    assert.match(seen?.seen ?? "", new RegExp(`sends nothing from slot ${slot}: the topic ${topic} .*${event}`));
    const status = await failedConnectors({ connect: endpoint, kafka }, postgres);
    const listed = status.find((each) => each.connector === id);
    assert.deepEqual([listed?.slot, listed?.runs], [slot, true]);
    assert.match(listed?.event ?? "", new RegExp(event));

    // Heartbeats come every 10 s, so only a stalled slot keeps its position for longer.
    const metrics = async () => {
      const rows = await fixture.run(queries.tenantry_slot?.sql ?? "");
      return rows.find((row) => row.slot_name === slot);
    };
    const before = await metrics();
    await sleep(25_000);
    const behind = await metrics();
    assert.equal(behind?.active, 1);
    assert.equal(behind?.confirmed_bytes, before?.confirmed_bytes);

    await context.connect.restart(id);
    assert.equal((await fixture.sent(2)).length, 2, "Connect makes the topic again, and sends what waited");
    assert.equal((await look()).failure, undefined);
    if (delivery === "at least once") await context.connect.delete(id);
  });
}
