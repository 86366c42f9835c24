import assert from "node:assert/strict";
import test from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { CitusCluster } from "../../../components/citus-cluster";
import { mockedResources, type Registered, resolved } from "./mocks";

const registered = mockedResources();

const args = { namespace: "shop", database: "shop", workers: 1, applicationRoles: ["shop_app"] };

test("declares a group for the coordinator and for each worker, each with its names and volumes", async () => {
  const cluster = new CitusCluster("citus", args, {});
  await resolved(cluster.ready.urn);
  await resolved(cluster.logins);
  const names = registered.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
  for (const group of [0, 1]) {
    for (const expected of [
      `StatefulSet citus-${group}-pods`,
      `ConfigMap citus-${group}-config`,
      `Service citus-${group}-primary`,
      `Service citus-${group}-store-config`,
      `Service citus-${group}-store-sync`,
      `Service citus-${group}-store-failover`,
      `PersistentVolumeClaim citus-${group}-data-0`,
      `PersistentVolumeClaim citus-${group}-data-1`,
      `PodDisruptionBudget citus-${group}-budget`,
    ])
      assert.ok(names.includes(expected), `${expected} is missing`);
  }
  assert.ok(!names.some((name) => name.includes("citus-2")));
});

test("generates long, different passwords, in secret outputs", async () => {
  const cluster = new CitusCluster("other", args, {});
  const logins = await resolved(cluster.logins);
  assert.deepEqual(Object.keys(logins), ["tenantry", "shop_app"]);
  assert.ok(Object.values(logins).every(({ password }) => password.length >= 32));
  assert.notEqual(logins.tenantry?.password, logins.shop_app?.password);
  assert.equal(await pulumi.isSecret(cluster.logins), true);
  assert.match(await resolved(cluster.authority), /^-----BEGIN CERTIFICATE-----/);
});

test("only Secrets contain keys and passwords", async () => {
  const cluster = new CitusCluster("third", args, {});
  const logins = await resolved(cluster.logins);
  await resolved(cluster.ready.urn);
  const others = JSON.stringify(registered.filter(({ type }) => type !== "kubernetes:core/v1:Secret"));
  assert.doesNotMatch(others, /PRIVATE KEY/);
  for (const { password } of Object.values(logins)) assert.ok(!others.includes(password));
});

test("rejects invalid arguments before it declares any resource", () => {
  const count = registered.length;
  assert.throws(() => new CitusCluster("none", { ...args, workers: 0 }, {}), /nowhere to put shards/);
  assert.ok(!registered.slice(count).some(({ name }) => name.startsWith("none-")));
});

test("protects volumes, except those of a node in `leaving`", async () => {
  const seen = new Map<string, boolean | undefined>();
  const transformations: pulumi.ResourceTransformation[] = [
    ({ name, opts }) => {
      seen.set(name, opts.protect);
      return undefined;
    },
  ];
  const cluster = new CitusCluster("kept", { ...args, workers: 2, leaving: ["worker_2"] }, { transformations });
  await resolved(cluster.ready.urn);
  assert.deepEqual([seen.get("kept-1-data-0"), seen.get("kept-2-data-0")], [true, false]);
  assert.deepEqual([...cluster.servers.keys()], ["worker_1", "worker_2"]);
});

test("adding or removing a worker changes only its own resources and the Job", async () => {
  const declared = async (workers: number) => {
    const start = registered.length;
    const cluster = new CitusCluster("sized", { ...args, workers }, {});
    await resolved(cluster.ready.urn);
    // Each cluster of this test has its own keys.
    const isKey = ({ type, name }: Registered) => type === "kubernetes:core/v1:Secret" || name === "sized-ca";
    return new Map(
      registered
        .slice(start)
        .filter((resource) => resource.name.startsWith("sized-") && !isKey(resource))
        .map(({ type, name, inputs }) => [`${type} ${name}`, inputs]),
    );
  };
  const [two, three] = [await declared(2), await declared(3)];
  const gone = [...two.keys()].filter((key) => !three.has(key));
  assert.deepEqual(
    gone.map((key) => key.split(" ")[0]),
    ["kubernetes:batch/v1:Job"],
  );
  for (const [key, inputs] of two) if (three.has(key)) assert.deepEqual(three.get(key), inputs, key);
});
