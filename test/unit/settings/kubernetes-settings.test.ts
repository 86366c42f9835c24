import assert from "node:assert/strict";
import test from "node:test";
import { loadSettings } from "../../../settings/stack-file";
import { kubernetes, noSecrets, problemsOf, reached, stackFolder } from "./stack-file";

test("a Kubernetes stack with only context, namespace and workers gets production's defaults", async () => {
  const folder = stackFolder(`${kubernetes}  tenantry:kubernetes: { context: prod, namespace: shop, workers: 3 }\n`);
  const GiB = 2 ** 30;
  const size = { cpu: "2", memory: { bytes: 8 * GiB }, storage: { bytes: 100 * GiB } };
  assert.deepEqual((await loadSettings("dev", noSecrets, folder)).kubernetes, {
    context: "prod",
    namespace: "shop",
    workers: 3,
    coordinator: size,
    worker: size,
    image: "ghcr.io/tenantry/citus:17-13.2",
    spread: "required",
    protect: true,
    rotation: 1,
    access: { by: "cluster" },
    pooler: true,
    kafka: {
      operator: "chart",
      broker: { cpu: "2", memory: { bytes: 4 * GiB } },
      controller: { cpu: "500m", memory: { bytes: GiB }, storage: { bytes: 10 * GiB } },
      rack: "topology.kubernetes.io/zone",
    },
    connect: { cpu: "1", memory: { bytes: 2 * GiB }, image: "ghcr.io/tenantry/connect:4.3.1-1.2.0-3.7.0-2" },
  });
});

test("reads each of the four kinds of `access`, with its addresses and allowed networks", async () => {
  const accessOf = async (access: string) =>
    (await loadSettings("dev", noSecrets, stackFolder(reached(access)))).kubernetes?.access;
  assert.deepEqual(await accessOf("cluster"), { by: "cluster" });
  assert.deepEqual(await accessOf("{ loadBalancer: { from: [10.0.0.0/8] } }"), {
    by: "loadBalancer",
    from: ["10.0.0.0/8"],
    annotations: {},
  });
  assert.deepEqual(await accessOf("{ nodePort: { host: 127.0.0.1, from: [0.0.0.0/0] } }"), {
    by: "nodePort",
    host: "127.0.0.1",
    from: ["0.0.0.0/0"],
    firstPort: 30000,
  });
  const addresses = "{ coordinator: a:1, workers: [b:2, c:3], kafka: [d:4], connect: 'http://e:5' }";
  assert.deepEqual(await accessOf(`{ addresses: ${addresses} }`), {
    by: "addresses",
    from: [],
    coordinator: { host: "a", port: 1 },
    workers: [
      { host: "b", port: 2 },
      { host: "c", port: 3 },
    ],
    kafka: [{ host: "d", port: 4 }],
    connect: "http://e:5",
  });
});

test("rejects `access` without a network, of an unknown or second kind, or with too few addresses", async () => {
  assert.match(await problemsOf(reached("{ loadBalancer: {} }")), /loadBalancer.from` is missing/);
  assert.match(await problemsOf(reached("{ loadBalancer: { from: [] } }")), /at least one network that may connect/);
  assert.match(await problemsOf(reached("{ loadBalancer: { from: [10.0.0.1] } }")), /a network such as `10.0.0.0\/8`/);
  assert.match(await problemsOf(reached("proxy")), /access` cannot be read[\s\S]*one of `cluster`, `loadBalancer`/);
  const both = "{ cluster: {}, nodePort: { host: a, from: [10.0.0.0/8] } }";
  assert.match(await problemsOf(reached(both)), /expected: one of `cluster`, `loadBalancer`/);
  const addresses = "{ coordinator: a:1, workers: [b:2], kafka: [d:4], connect: 'http://e:5' }";
  assert.match(await problemsOf(reached(`{ addresses: ${addresses} }`)), /an address for each of the 2 workers/);
});

test("rejects platform `kubernetes` without `tenantry:kubernetes`, and the key on another platform", async () => {
  assert.match(await problemsOf(kubernetes), /does not say where[\s\S]*Add the key `tenantry:kubernetes`/);
  assert.match(
    await problemsOf(
      "config:\n  tenantry:application: shop\n  tenantry:kubernetes: { context: a, namespace: b, workers: 1 }\n",
    ),
    /`tenantry:kubernetes` means nothing where the platform is `external`/,
  );
});

test("reports zero workers, unknown keys and sizes with a wrong unit, each at its place", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kubernetes:\n    context: a\n    namespace: b\n    workers: 0\n    wrkers: 2\n    worker: { storage: 100G }\n`,
  );
  assert.match(
    message,
    /yaml:7:\d+: `config.tenantry:kubernetes.workers` cannot be read[\s\S]*a whole number from 1 to 64/,
  );
  assert.match(message, /no key `wrkers`[\s\S]*Write `workers`/);
  assert.match(message, /worker.storage` cannot be read[\s\S]*such as `8 KiB`/);
});

test("reads `monitoring` as a boolean, off by default, or as labels for the Prometheus operator", async () => {
  const monitoringOf = async (text: string) => {
    const file = `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b, workers: 2${text} }\n`;
    return (await loadSettings("dev", noSecrets, stackFolder(file))).kubernetes?.monitoring;
  };
  assert.deepEqual(await monitoringOf(", monitoring: true"), { labels: {} });
  assert.deepEqual(await monitoringOf(", monitoring: { labels: { release: p } }"), { labels: { release: "p" } });
  assert.equal(await monitoringOf(", monitoring: false"), undefined);
  assert.equal(await monitoringOf(""), undefined);
  await assert.rejects(
    monitoringOf(", monitoring: yes please"),
    /true, false, or `\{ labels: \{ release: prometheus \} \}`/,
  );
});
