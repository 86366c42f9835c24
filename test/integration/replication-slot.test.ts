import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connector } from "../../provider/resources/connector";
import { replicationSlot } from "../../provider/resources/replication-slot";
import { refusalOf, startActingConnector } from "./acting-connector";
import { skip } from "./servers";

test("a slot of another plugin is never touched", { skip }, async (t) => {
  const acting = await startActingConnector(t);
  const slot = `${acting.slot.slot}_other`;
  await acting.run(`SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`);
  const told = await refusalOf(replicationSlot.create(acting, { ...acting.slot, slot }));
  assert.match(told, /belongs to somebody else\n {2}got: +a logical slot of database "shop_\w+" with test_decoding/);
});

test("a slot is adopted where it is there, and imported by its id", { skip }, async (t) => {
  const acting = await startActingConnector(t);
  const again = await replicationSlot.create(acting, acting.slot);
  assert.deepEqual(again.state, { ...acting.slot, status: "ready" });
  assert.deepEqual(await replicationSlot.read(acting, again.id, undefined), again.state);
});

test("a slot waits for a running transaction, and says which", { skip, timeout: 120_000 }, async (t) => {
  const acting = await startActingConnector(t);
  const slot = `${acting.slot.slot}_late`;
  const writer = acting.database.query("SELECT pg_current_xact_id(), pg_sleep(25)");
  await sleep(500);
  await replicationSlot.create(acting, { ...acting.slot, slot });
  await writer;
  assert(
    acting.told.some((line) =>
      /waits for running transactions on coordinator: tenantry \(server process \d+\) since/.test(line),
    ),
  );
});

test("a reader that stays when its connector is gone is cut off when the slot is deleted", {
  skip,
  timeout: 60_000,
}, async (t) => {
  const acting = await startActingConnector(t);
  const { id, state } = await connector.create(acting, acting.inputs);
  const deleted = replicationSlot.delete(acting, "", { ...acting.slot, status: "ready" });
  await connector.delete(acting, id, state);
  await deleted;
  assert.equal(await replicationSlot.read(acting, "", { ...acting.slot, status: "ready" }), undefined);
});
