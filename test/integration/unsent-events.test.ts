import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { Client } from "pg";
import { parseLsn, parsePosition } from "../../provider/connect/stream-position";
import { readUnsent } from "../../provider/events/outbox-stream";
import { findUnsent } from "../../provider/events/unsent-events";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import { replicationSlot } from "../../provider/resources/replication-slot";
import { type ConnectorFixture, refusalOf, startConnectorFixture } from "./connector-fixture";
import { servers, skip } from "./servers";

const look = (fixture: ConnectorFixture, ...position: Parameters<typeof parsePosition>) =>
  fixture.database.onNode(fixture.slot.node, (client) =>
    findUnsent(client, fixture.slot.slot, parsePosition(...position)),
  );

/** Takes all free replication slots of the server until the function that it returns is called. */
async function takeAllSlots(t: TestContext): Promise<() => Promise<void>> {
  const client = new Client(clientConfig(servers().postgres));
  await client.connect();
  let isOpen = true;
  const release = async () => {
    if (isOpen) await client.end();
    isOpen = false;
  };
  t.after(release);
  // An error would drop a session's temporary slots.
  await client.query(`SELECT pg_create_physical_replication_slot('taken_' || number, false, true)
    FROM generate_series(1, current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots)) AS number`);
  return release;
}

test("says that no replication slot is free, to whoever needs one", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { node, slot } = fixture.slot;
  await fixture.emit(1);
  const unused = `${slot}_unused`;
  await fixture.run(`SELECT pg_create_physical_replication_slot('${unused}')`);
  const release = await takeAllSlots(t);
  const reason = (purpose: string) =>
    new RegExp(
      `${node.host}:${node.port} has no free replication slot ${purpose}\\n +got: +all \\d+ in use; without a reader: .*${unused}.*\\n +expected: .*\\n +fix: .*pg_drop_replication_slot.*max_replication_slots`,
    );
  const lookReason = reason(`to look into slot ${slot}`);
  assert.match(await refusalOf(replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" })), lookReason);
  const stream = { connector: fixture.inputs, slot: fixture.slot };
  const endpoint = { ...servers().postgres, database: fixture.database.endpoint.database };
  assert.match(await refusalOf(readUnsent(endpoint, stream, undefined)), lookReason);
  const second = { ...fixture.slot, slot: `${slot}_second` };
  assert.match(await refusalOf(replicationSlot.create(fixture, second)), reason(`to create ${second.slot}`));
  await release();
  await fixture.run(`SELECT pg_drop_replication_slot('${unused}')`);
  assert.deepEqual((await look(fixture, []))?.count, 1);
});

test("counts no more events of a long backlog than it needs to know that there are many", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  assert.deepEqual(await look(fixture, []).then((seen) => seen && { ...seen, end: "" }), {
    count: 0,
    isCut: false,
    end: "",
  });
  await fixture.emit(3);
  assert.match(JSON.stringify(await look(fixture, [])), /"count":3,"isCut":false/);
  await fixture.emit(3_000);
  const seen = await look(fixture, []);
  assert(seen?.isCut && seen.count > 200 && seen.count < 1_000, JSON.stringify(seen));
  const refusal = await refusalOf(replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" }));
  assert.match(refusal, new RegExp(`holds events that were not sent.*\\n +got: +at least ${seen.count} events`));
});

test("counts what is left of a transaction that was sent in part", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { slot } = fixture.slot;
  // Rows of one COPY share their place in the log.
  await fixture.run(`COPY tenantry.outbox (tenant_id, id, aggregate_type, aggregate_id, type, payload) FROM PROGRAM
    'for each in 1 2 3 4; do printf "%s\\t%s\\torder\\to\\tPlaced\\t{}\\n" $(cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/uuid); done'`);
  const places = () =>
    fixture.run(`SELECT lsn::text, get_byte(data, 0) = ascii('C') AS "isCommit"
      FROM pg_logical_slot_peek_binary_changes('${slot}', NULL, NULL, 'proto_version', '1', 'publication_names', 'tenantry_outbox')
      WHERE get_byte(data, 0) IN (ascii('I'), ascii('C'))`);
  const copied = await places();
  assert.equal(new Set(copied.slice(0, 4).map(({ lsn }) => lsn)).size, 1, JSON.stringify(copied));
  const [{ confirmed } = {}] = await fixture.run(
    `SELECT confirmed_flush_lsn::text AS confirmed FROM pg_replication_slots WHERE slot_name = '${slot}'`,
  );
  const sent = (lsn: unknown, more = {}) => [
    {
      partition: { server: "shop" },
      offset: {
        lsn_proc: Number(parseLsn(String(lsn))),
        lsn_commit: Number(parseLsn(String(confirmed))),
        messageType: "INSERT",
        ...more,
      },
    },
  ];
  assert.equal((await look(fixture, sent(copied[0]?.lsn, { lsn_events_processed: 1 })))?.count, 3);
  assert.equal((await look(fixture, sent(copied[0]?.lsn, { lsn_events_processed: 4 })))?.count, 0);

  // A transaction that is longer than one look, of which all but one event, or all events, were sent.
  await fixture.run(`INSERT INTO tenantry.outbox (tenant_id, aggregate_type, aggregate_id, type, payload)
    SELECT gen_random_uuid(), 'order', 'o', 'Placed', '{}' FROM generate_series(1, 20000)`);
  await fixture.emit(1);
  const all = await places();
  const commits = all.filter(({ isCommit }) => isCommit).map(({ lsn }) => Number(parseLsn(String(lsn))));
  const changes = all.filter(({ isCommit }) => !isCommit).map(({ lsn }) => lsn);
  const left = async (change: unknown, commit: number | undefined) =>
    (await look(fixture, sent(change, { lsn_commit: commit })))?.count;
  // The look ends with the transaction, and goes on only where it has found none.
  assert.equal(await left(changes.at(-4), commits[0]), 2);
  assert.equal(await left(changes.at(-2), commits[0]), 1);
  assert.equal(await left(changes.at(-1), commits[1]), 0);
});
