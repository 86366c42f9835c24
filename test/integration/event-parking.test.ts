import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { openKafka } from "../../kafka/kafka-client";
import type { Connect } from "../../provider/connect/connect-state";
import { describeChange } from "../../provider/connect/stream-diagnosis";
import { isOneByOne } from "../../provider/events/one-by-one";
import { replayOutbox } from "../../provider/events/outbox-replay";
import { listParked, sendParked } from "../../provider/events/parked-events";
import { connector } from "../../provider/resources/connector";
import { refusalOf } from "./connector-fixture";
import { assertOrder, parkedBy, place, startParking, write, writeAround } from "./parking-fixture";
import { servers, skip } from "./servers";

for (const delivery of ["exactly once", "at least once"] as const) {
  test(`names and parks only the event that can't be written, and sends it again later, delivered ${delivery}`, {
    skip,
  }, async (t) => {
    const parkingOf = await startParking(t, delivery);
    const { context, inputs, stream } = parkingOf;
    await connector.create(context, inputs);
    const client = await parkingOf.session();
    const earlier = [await write(client, "a")];
    await parkingOf.arrived(earlier);
    await parkingOf.limit(2_000);
    const { others, poison, tenant } = await writeAround(parkingOf.session, 12_000);

    const diagnosis = await parkingOf.failed();
    assert.match(diagnosis.failure?.cause ?? "", /^RecordTooLargeException: /);
    const suspect = diagnosis.suspect?.unsent ?? assert.fail(String(diagnosis.unreadable));
    assert.match(
      describeChange(suspect),
      new RegExp(`^event ${poison} of tenant ${tenant}: order to topic .*12,\\d+ of them`),
    );
    assert.doesNotMatch(describeChange(suspect), /text|[0-9a-f]{40}/, "never its content");
    assert.match(await refusalOf(parkingOf.park(randomUUID())), new RegExp(`fails at event ${poison}`));

    assert.equal(await parkingOf.park(poison), "parked");
    assert.equal((await context.connect.config(inputs.connector))?.["max.batch.size"], inputs.config["max.batch.size"]);
    const behind = await write(client, "a");
    const all = [...earlier, ...others, behind];
    const records = await parkingOf.arrived(all);
    assert(!records.some(({ id }) => id === poison));
    if (delivery === "exactly once") assert.equal(records.length, all.length, "none comes twice");
    assertOrder(records, all, "a");
    assertOrder(records, all, "b");

    const read = context.database.query.bind(context.database);
    const [parked] = await listParked(read, place);
    assert.equal(parked?.id, poison);
    assert.equal(parked?.tenant, tenant);
    assert.equal(parked?.parkedBy, parkedBy);
    assert.match(parked?.reason ?? "", /^RecordTooLargeException: /);
    assert.deepEqual(await context.run(`SELECT FROM tenantry.outbox WHERE id = '${poison}'`), []);
    assert.match(await refusalOf(parkingOf.park(poison)), /parked already/);

    await replayOutbox(context, inputs.connector);
    await sleep(3_000);
    assert((await context.connect.status(inputs.connector))?.tasks.every(({ state }) => state === "RUNNING"));
    assert(!(await parkingOf.arrived(all)).some(({ id }) => id === poison), "a replay does not send it");

    await parkingOf.limit(1_000_000);
    await context.database.transaction((session) => sendParked(session, place, poison));
    const sent = (await parkingOf.arrived([poison])).filter(({ id }) => id === poison);
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.tenant, tenant);
    assert.deepEqual(await listParked(read, place), []);
    assert.equal(stream.connector.connector, inputs.connector);
  });
}

test("parks only the event whose topic is missing, if Connect may not create topics", {
  skip,
}, async (t) => {
  const parkingOf = await startParking(t, "at least once", ["topic.creation.enable=false"]);
  const { context, inputs, topic } = parkingOf;
  const admin = openKafka(servers().kafka, "parking-test").admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  await admin.createTopics({ topics: [{ topic }] });
  // Kafka's default is a minute.
  const config = { ...inputs.config, "producer.override.max.block.ms": "5000" };
  await connector.create(context, { ...inputs, config });
  const client = await parkingOf.session();
  const others = [await write(client, "a")];
  const poison = await write(client, "a", 20, randomUUID(), "payment");
  others.push(await write(client, "a"));

  const { failure, suspect } = await parkingOf.failed();
  assert.equal(failure?.kind, "topic");
  assert.match(failure?.cause ?? "", /UnknownTopicOrPartition|not present in metadata/);
  assert.equal(suspect?.unsent.change.id, poison);
  assert.equal(await parkingOf.park(poison), "parked");
  const records = await parkingOf.arrived(others);
  assert(!records.some(({ id }) => id === poison));
});

test("parks one event of a COPY, and sends the others", { skip }, async (t) => {
  const parkingOf = await startParking(t, "exactly once");
  const { context, inputs } = parkingOf;
  await connector.create(context, inputs);
  const client = await parkingOf.session();
  const before = [await write(client, "a")];
  await parkingOf.arrived(before);
  await parkingOf.limit(2_000);
  before.push(await write(client, "a"));
  const [first = "", second = "", poison = "", last = ""] = await copy(t, client, [20, 20, 12_000, 20]);
  const behind = await write(client, "a");
  const { stood } = await parkingOf.failed();
  const places = new Set(
    stood?.unsent
      .filter(({ change }) => [first, second, poison, last].includes(change.id))
      .map(({ change }) => change.lsn),
  );
  assert.equal(places.size, 1, "they share their place in the log");
  assert.equal(await parkingOf.park(poison), "parked");
  const records = await parkingOf.arrived([...before, first, second, last, behind]);
  assert(!records.some(({ id }) => id === poison));
});

/** Writes events by one COPY on the server. Returns their ids. */
async function copy(t: TestContext, client: Client, sizes: readonly number[]): Promise<readonly string[]> {
  const ids = sizes.map(() => randomUUID());
  const rows = ids.map((id, index) => {
    const payload = JSON.stringify({ text: randomBytes((sizes[index] ?? 0) / 2).toString("hex") });
    return [randomUUID(), id, "order", "copied", "Placed", payload].join("\t");
  });
  const directory = mkdtempSync(join(tmpdir(), "tenantry-copy-"));
  t.after(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  const file = join(directory, "rows");
  writeFileSync(file, `${rows.join("\n")}\n`, { mode: 0o644 });
  const columns = "tenant_id, id, aggregate_type, aggregate_id, type, payload";
  await client.query(`COPY tenantry.outbox (${columns}) FROM '${file}'`);
  return ids;
}

test("continues after a kill at any step, and neither loses nor repeats an event", { skip }, async (t) => {
  const parkingOf = await startParking(t, "exactly once");
  const { context, inputs } = parkingOf;
  await connector.create(context, inputs);
  const client = await parkingOf.session();
  const earlier = [await write(client, "a")];
  await parkingOf.arrived(earlier);
  await parkingOf.limit(2_000);
  const { others, poison } = await writeAround(parkingOf.session, 12_000);
  await parkingOf.failed();
  for (const step of ["put", "stop", "setOffset", "resume"] as const) {
    // Fails before and after the request, because a killed process does not know whether Connect received it.
    for (const moment of ["before", "behind"] as const) {
      const dying = parkingOf.park(poison, dyingAt(context.connect, step, moment));
      await assert.rejects(dying, /killed/, `${moment} ${step}`);
      const config = (await context.connect.config(inputs.connector)) ?? {};
      assert.equal(isOneByOne(config), step !== "put" || moment === "behind", "it says that it is not through");
    }
  }
  assert.equal(await parkingOf.park(poison), "finished");
  const records = await parkingOf.arrived([...earlier, ...others]);
  assert.deepEqual(records.map(({ id }) => id).toSorted(), [...earlier, ...others].toSorted());
  const kept = await listParked(context.database.query.bind(context.database), place);
  assert.equal(kept.length, 1);
  assert.match(kept[0]?.reason ?? "", /^RecordTooLargeException: /, "whichever run found it");
});

/** A `Connect` that fails at this call, before the request or after the answer. */
function dyingAt(connect: Connect, step: keyof Connect, moment: "before" | "behind"): Connect {
  return new Proxy(connect, {
    get: (target, name) => {
      const call = target[name as keyof Connect] as (...args: unknown[]) => Promise<unknown>;
      if (name !== step) return call.bind(target);
      return async (...args: unknown[]) => {
        if (moment === "behind") await call.apply(target, args);
        throw new Error("killed");
      };
    },
  });
}
