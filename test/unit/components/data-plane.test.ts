import assert from "node:assert/strict";
import test from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Declaration } from "../../../architecture/data-plane/declaration";
import { DataPlane } from "../../../components/data-plane";
import { Provider } from "../../../provider";
import { mockedResources } from "./mocks";

const registered = mockedResources();

const migration: Declaration = {
  noun: "Migration",
  name: "sql/shop/010_tenants.sql",
  after: [],
  inputs: {
    path: "sql/shop/010_tenants.sql",
    hash: "h",
    statements: [],
    transaction: true,
    schema: "shop",
    apply: "once",
  },
};
const table: Declaration = {
  noun: "DistributedTable",
  name: "shop.tenants",
  after: ["Migration/sql/shop/010_tenants.sql"],
  inputs: { schema: "shop", table: "tenants", column: "tenant_id", placement: { shardCount: 4 }, foreignKeys: [] },
};

async function plane(name: string, declarations: readonly Declaration[]) {
  const provider = new Provider(`${name}-provider`, { endpoints: undefined, roles: ["shop_app"] });
  const dataPlane = new DataPlane(name, { declarations }, { providers: { tenantry: provider } });
  return { provider, dataPlane };
}

function registration(resource: pulumi.Resource): Promise<string> {
  return new Promise((resolve) => resource.urn.apply(resolve));
}

test("declares a resource for each declaration, with its type and inputs", async () => {
  const { dataPlane } = await plane("complete", [migration, table]);
  for (const resource of dataPlane.resources.values()) await registration(resource);
  const own = registered.filter(({ name }) => name === migration.name || name === table.name);
  assert.deepEqual(
    own.map(({ type, name }) => `${type} ${name}`),
    ["tenantry:index:Migration sql/shop/010_tenants.sql", "tenantry:index:DistributedTable shop.tenants"],
  );
  assert.deepEqual(own[1]?.inputs, table.inputs);
});

test("the provider leaves out unknown endpoints, and names the expected roles", async () => {
  await registration((await plane("waiting", [])).provider);
  const provider = registered.find(({ name }) => name === "waiting-provider");
  assert.deepEqual(provider?.inputs, { citus: "required", allow: "[]", roles: '["shop_app"]' });
});

test("reports both names if a declaration depends on one that does not exist", async () => {
  await assert.rejects(
    plane("broken", [table]),
    /DistributedTable\/shop\.tenants comes after Migration\/sql\/shop\/010_tenants\.sql/,
  );
});

test("a node depends directly on the servers that this program makes for it, so it is removed before them", async () => {
  const node = { name: "worker_1", host: "w", port: 5432 };
  const member: Declaration = {
    ...{ noun: "CitusNode", name: "worker_1", after: [] },
    inputs: { node, registeredBy: "patroni" },
  };
  const provider = new Provider("scaled-provider", { endpoints: undefined });
  const pods = new pulumi.ComponentResource("tenantry:test:Pods", "pods");
  const servers = new Map([["worker_1", pods as pulumi.Resource]]);
  const before = new Map<string, unknown>();
  const transformations: pulumi.ResourceTransformation[] = [
    ({ type, opts }) => {
      before.set(type, opts.dependsOn);
      return undefined;
    },
  ];
  const options = { providers: { tenantry: provider }, transformations };
  const { resources } = new DataPlane("scaled", { declarations: [member], servers }, options);
  await registration(resources.get("CitusNode/worker_1") ?? assert.fail("the node is not declared"));
  assert.deepEqual(before.get("tenantry:index:CitusNode"), [pods]);
});

test("deletes nothing on servers that are deleted with their namespace", async () => {
  const provider = new Provider("going-provider", { endpoints: undefined, roles: ["shop_app"] });
  const room = new pulumi.ComponentResource("test:index:Room", "room");
  const goneWith = new Map<string, pulumi.Resource | undefined>();
  const transformations: pulumi.ResourceTransformation[] = [
    ({ type, opts }) => {
      goneWith.set(type, opts.deletedWith);
      return undefined;
    },
  ];
  const args = { declarations: [migration], deletedWith: room };
  const { resources } = new DataPlane("going", args, { providers: { tenantry: provider }, transformations });
  for (const resource of resources.values()) await registration(resource);
  assert.equal(goneWith.get("tenantry:index:Migration"), room);
});
