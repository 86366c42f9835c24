import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connector } from "../../provider/resources/connector";
import { replicationSlot } from "../../provider/resources/replication-slot";
import { refusalOf, startConnectorFixture } from "./connector-fixture";
import { skip } from "./servers";

test("never changes a slot of another plugin", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  const slot = `${fixture.slot.slot}_other`;
  await fixture.run(`SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
  const refusal = await refusalOf(replicationSlot.create(fixture, { ...fixture.slot, slot }));
  assert.match(refusal, /belongs to somebody else\n {2}got: +a logical slot of database "shop_\w+" with test_decoding/);
});

test("adopts an existing slot, and imports it by its id", { skip }, async (t) => {
  const fixture = await startConnectorFixture(t);
  const again = await replicationSlot.create(fixture, fixture.slot);
  assert.deepEqual(again.state, { ...fixture.slot, status: "ready" });
  assert.deepEqual(await replicationSlot.read(fixture, again.id, undefined), again.state);
});

test("waits for a running transaction before it creates a slot, and names the transaction", {
  skip,
  timeout: 120_000,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const slot = `${fixture.slot.slot}_late`;
  const writer = fixture.database.query("SELECT pg_current_xact_id(), pg_sleep(25)");
  await sleep(500);
  await replicationSlot.create(fixture, { ...fixture.slot, slot });
  await writer;
  assert(
    fixture.logged.some((line) =>
      /waits for running transactions on coordinator: tenantry \(server process \d+\) since/.test(line),
    ),
  );
});

test("terminates a slot's reader that outlives its connector, when the slot is deleted", {
  skip,
  timeout: 60_000,
}, async (t) => {
  const fixture = await startConnectorFixture(t);
  const { id, state } = await connector.create(fixture, fixture.inputs);
  const deleted = replicationSlot.delete(fixture, "", { ...fixture.slot, status: "ready" });
  await connector.delete(fixture, id, state);
  await deleted;
  assert.equal(await replicationSlot.read(fixture, "", { ...fixture.slot, status: "ready" }), undefined);
});
