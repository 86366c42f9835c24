import assert from "node:assert/strict";
import test from "node:test";
import { choosePorts, defaultPorts, type PortFinder } from "../../../../local/servers/ports";

const finder = (used: readonly number[] = []): PortFinder => {
  let next = 40_000;
  return { usable: async (port) => !used.includes(port), free: async () => next++ };
};

test("uses the default ports if none is requested", async () => {
  assert.deepEqual((await choosePorts({}, undefined, finder())).ports, defaultPorts);
});

test("keeps a port from before even if it is in use, so that `up` reports the conflict", async () => {
  const remembered = { ...defaultPorts, kafka: 7000 };
  assert.deepEqual((await choosePorts({}, { ports: remembered }, finder([7000]))).ports, remembered);
});

test("Citus' workers and Kafka's controller take the ports after the requested one", async () => {
  const { ports } = await choosePorts({ postgres: 5000, kafka: 6000 }, undefined, finder());
  assert.deepEqual(ports, {
    ...defaultPorts,
    postgres: 5000,
    worker_1: 5001,
    worker_2: 5002,
    kafka: 6000,
    controller: 6001,
  });
});

test("0 takes free ports, all different", async () => {
  const ports = Object.values((await choosePorts({ postgres: 0, kafka: 0, connect: 0 }, undefined, finder())).ports);
  assert.equal(new Set(ports).size, 6);
  assert.ok(ports.every((port) => port >= 40_000));
});

test("0 keeps a port from before while it is usable, and otherwise takes another", async () => {
  const remembered = { ...defaultPorts, postgres: 7000, connect: 7001 };
  const { ports } = await choosePorts({ postgres: 0, connect: 0 }, { ports: remembered }, finder([7001]));
  assert.equal(ports.postgres, 7000);
  assert.equal(ports.connect, 40_000);
});

test("0 drops a port that was chosen by number, and then keeps the free port", async () => {
  const chosen = await choosePorts({ postgres: 7000 }, undefined, finder());
  assert.deepEqual(chosen.chosenPorts, ["postgres"]);
  const again = await choosePorts({}, chosen, finder());
  assert.deepEqual(again, chosen);
  const freed = await choosePorts({ postgres: 0 }, again, finder());
  assert.deepEqual([freed.ports.postgres, freed.ports.worker_1, freed.chosenPorts], [40_000, 40_001, []]);
  assert.deepEqual(await choosePorts({ postgres: 0 }, freed, finder()), freed);
});
