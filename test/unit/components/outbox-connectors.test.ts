import assert from "node:assert/strict";
import { join } from "node:path";
import test, { before } from "node:test";
import type * as pulumi from "@pulumi/pulumi";
import {
  type DataPlaneSettings,
  type Endpoints,
  type LoadedApplication,
  loadApplication,
  type PostgresNode,
} from "tenantry/application";
import { OutboxConnectors, type OutboxConnectorsArgs } from "tenantry/components";
import { Provider } from "tenantry/provider";
import { dataPlane } from "../../../architecture/data-plane/data-plane";
import { mockedResources } from "./mocks";

const registered = mockedResources();
let loaded: LoadedApplication;
before(async () => {
  loaded = await loadApplication(join(__dirname, "../../../sql/ecommerce"));
});

const nodes: readonly PostgresNode[] = ["worker_1", "worker_2"].map((name) => ({ name, host: name, port: 5432 }));
const endpoints: Endpoints = {
  postgres: {
    ...{ host: "coordinator", port: 5432, database: "shop", user: "admin", password: "admin's secret" },
    sslmode: "verify-full",
    nodes,
    roles: { cdc: { user: "ecommerce_cdc", password: "cdc's secret" } },
  },
  kafka: { bootstrapServers: ["kafka:9092"] },
  connect: { url: "http://connect:8083", databasePassword: "${file:/run/secrets/connect.properties:cdc}" },
};

async function outbox(name: string, args: Omit<OutboxConnectorsArgs, "application">) {
  const dependsOn = new Map<string, unknown>();
  const transformations: pulumi.ResourceTransformation[] = [
    ({ name: resource, opts }) => {
      dependsOn.set(resource, opts.dependsOn);
      return undefined;
    },
  ];
  const provider = new Provider(`${name}-provider`, { endpoints: args.endpoints });
  const since = registered.length;
  const options = { providers: { tenantry: provider }, transformations };
  const { resources } = new OutboxConnectors(name, { application: loaded.application, ...args }, options);
  for (const resource of resources.values()) await new Promise((resolve) => resource.urn.apply(resolve));
  const made = registered.slice(since).filter(({ type }) => /:(ReplicationSlot|Connector)$/.test(type));
  return { resources, dependsOn, made };
}

test("declares a slot for each node that holds shards and, after it, the connector that reads it", async () => {
  const { resources, dependsOn } = await outbox("both", { endpoints });
  assert.deepEqual(
    [...resources.keys()],
    ["worker_1", "worker_2"].flatMap((node) => [
      `ReplicationSlot/ecommerce_outbox_${node}`,
      `Connector/ecommerce-outbox-${node.replace("_", "-")}`,
    ]),
  );
  for (const number of [1, 2]) {
    const slot = resources.get(`ReplicationSlot/ecommerce_outbox_worker_${number}`);
    assert.deepEqual(dependsOn.get(`ecommerce-outbox-worker-${number}`), [slot]);
  }
});

test("declares the same slots and connectors as DataPlane for the same application and servers", async () => {
  const { made } = await outbox("same", { endpoints, consistency: "bounded" });
  const settings: DataPlaneSettings = {
    platform: "external",
    citus: "required",
    consistency: "bounded",
    shardCount: 32,
    endpoints,
  };
  const plane = dataPlane(loaded.application, loaded.base, settings, nodes);
  const streams = plane.filter(({ noun }) => noun === "ReplicationSlot" || noun === "Connector");
  assert.deepEqual(
    made.map(({ name, inputs }) => ({ name, inputs })).toSorted((a, b) => a.name.localeCompare(b.name)),
    streams.map(({ name, inputs }) => ({ name, inputs })).toSorted((a, b) => a.name.localeCompare(b.name)),
  );
});

test("a node that is left out has no slot and no connector", async () => {
  const { resources } = await outbox("fewer", { endpoints, nodes: nodes.slice(1) });
  assert.deepEqual(
    [...resources.keys()],
    ["ReplicationSlot/ecommerce_outbox_worker_2", "Connector/ecommerce-outbox-worker-2"],
  );
});

test("the inputs contain no login", async () => {
  const { made } = await outbox("secret", { endpoints });
  assert.doesNotMatch(JSON.stringify(made), /'s secret/);
});

test("before the servers run, previews the slot and connector of one server", async () => {
  const { made } = await outbox("early", { endpoints: undefined });
  assert.deepEqual(made.map(({ type }) => type.split(":").at(-1)).toSorted(), ["Connector", "ReplicationSlot"]);
});
