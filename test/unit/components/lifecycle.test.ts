import assert from "node:assert/strict";
import test from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Endpoints } from "../../../architecture/endpoints";
import { Lifecycle } from "../../../components/lifecycle";
import { mockedResources } from "./mocks";

const registered = mockedResources();

/** The key with which Pulumi marks a secret. */
const secretSignature = "4dabf18193072939515e22adb298388d";

const endpoints: Endpoints = {
  postgres: {
    host: "citus-0.shop.svc",
    port: 5432,
    database: "shop",
    user: "tenantry",
    password: "of-the-administrator",
    sslmode: "verify-full",
    ca: "the authority",
    nodes: [{ name: "worker_1", host: "citus-1.shop.svc", port: 5432 }],
    roles: { app: { user: "shop_app", password: "of-the-application" } },
    addresses: { "citus-0.shop.svc:5432": { host: "127.0.0.1", port: 30000 } },
  },
  kafka: { bootstrapServers: ["kafka:9093"], tls: true, user: "tenantry", password: "of-kafka" },
  connect: { url: "http://connect:8083", databasePassword: "${secrets:shop/login:password}" },
};

const args = {
  namespace: "shop",
  stack: "prod",
  citus: "citus",
  files: { "Pulumi.yaml": "name: shop\n", "stacks/Pulumi.prod.yaml": "config: {}\n" },
  endpoints,
  store: {},
};

async function declared(name: string, options: Partial<ConstructorParameters<typeof Lifecycle>[1]> = {}) {
  new Lifecycle(name, { ...args, ...options }, {});
  await pulumi.runtime.disconnect();
  return registered.filter((made) => made.name.startsWith(`${name}-`));
}

test("declares a CronJob, the Deployment that serves requests, and what both mount", async () => {
  const made = await declared("all", { store: { secret: "bucket" } });
  assert.deepEqual(made.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).toSorted(), [
    "ConfigMap all-project",
    "CronJob all-run",
    "Deployment all-requests",
    "NetworkPolicy all-network",
    "Secret all-endpoints",
    "ServiceAccount all-account",
  ]);
});

test("gives the pods the administrator's login alone, as a secret", async () => {
  const made = await declared("login");
  const secret = JSON.stringify(made.find(({ name }) => name === "login-endpoints")?.inputs);
  assert.ok(secret.includes(secretSignature), "encrypted in the state");
  const text = secret.replaceAll("\\n", "\n");
  assert.match(text, /password: of-the-administrator/);
  assert.doesNotMatch(text, /of-the-application|of-kafka|127\.0\.0\.1/);
  const open = JSON.stringify(made.filter(({ type }) => !type.endsWith(":Secret")));
  assert.doesNotMatch(open, /of-the-administrator/);
});

test("keeps the store's keys in a Secret, which the pods name", async () => {
  const made = await declared("keys", { store: { keys: { accessKeyId: "id", secretAccessKey: "hush" } } });
  const open = JSON.stringify(made.filter(({ name }) => name !== "keys-store"));
  assert.doesNotMatch(open, /hush/);
  assert.match(open, /"secretKeyRef":\{"key":"secretAccessKey","name":"keys-store"\}/);
  const secret = made.find(({ name }) => name === "keys-store")?.inputs;
  assert.ok(JSON.stringify(secret).includes(secretSignature), "encrypted in the state");
});

test("annotates the service account with the cloud's identity", async () => {
  const annotations = { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/shop" };
  const made = await declared("identity", { annotations });
  const account = made.find(({ name }) => name === "identity-account")?.inputs as { metadata: { annotations: object } };
  assert.deepEqual(account.metadata.annotations, annotations);
  assert.doesNotMatch(JSON.stringify(made), /secretKeyRef/);
});
