import assert from "node:assert/strict";
import test, { after } from "node:test";
import { requireReady } from "../../cluster/cluster-preflight";
import { explainFailedUp } from "../../cluster/failed-up";
import { renderProblem } from "../../common/problem";
import { kubernetesSchema } from "../../settings/kubernetes-settings";
import { type ApiServer, skip, startApiServer } from "./api-server";

let server: Promise<ApiServer> | undefined;

/** One API server for all tests of this file. Each test has its own namespace. */
async function apiServer(): Promise<ApiServer> {
  server ??= startApiServer();
  const started = await server;
  process.env.KUBECONFIG = started.kubeconfig;
  return started;
}

after(async () => (await server)?.stop());

function settings(more: object = {}) {
  return kubernetesSchema.parse({ context: "admin", namespace: "shop", workers: 1, ...more });
}

const volume = { claim: "data-citus-0-0", size: { bytes: 2 ** 30 } };
const storageClass = (name: string, isDefault: boolean) => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) } },
  provisioner: "example.com/none",
});

test("accepts a cluster that fits the stack, with and without the namespace", { skip }, async () => {
  const { apply } = await apiServer();
  await apply(storageClass("standard", true));
  await requireReady(settings(), [volume], "dev");
  await apply({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", labels: { "tenantry.io/stack": "dev" } },
  });
  await requireReady(settings(), [volume], "dev");
});

test("rejects a namespace of another owner, with the command that gives it to the stack", { skip }, async () => {
  const { apply } = await apiServer();
  await apply(storageClass("standard", true));
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "taken" } });
  await assert.rejects(
    requireReady(settings({ namespace: "taken" }), [volume], "dev"),
    /namespace `taken` exists already and does not belong to the stack `dev`[\s\S]*label namespace taken tenantry\.io\/stack=dev`/,
  );
});

test("reports all missing permissions of a user, and creates nothing", { skip }, async () => {
  await apiServer();
  await assert.rejects(
    requireReady(settings({ context: "nobody" }), [volume], "dev"),
    /user of the context `nobody` lacks permissions[\s\S]*secrets: get, list, watch, create, patch, delete\n[\s\S]*statefulsets\.apps: [\s\S]*namespaces: /,
  );
});

test("rejects an unknown storage class", { skip }, async () => {
  const { apply } = await apiServer();
  await apply(storageClass("standard", true));
  await assert.rejects(
    requireReady(settings({ storageClass: "standart" }), [volume], "dev"),
    /no storage class `standart`/,
  );
});

test("rejects a volume that would shrink", { skip }, async () => {
  const { apply } = await apiServer();
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shrinking" } });
  await apply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: volume.claim, namespace: "shrinking" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } } },
  });
  await assert.rejects(
    requireReady(settings({ namespace: "shrinking" }), [volume], "dev"),
    /`data-citus-0-0` would shrink, which Kubernetes cannot do\n {2}got: {6}1 GiB\n {2}expected: at least 2 GiB/,
  );
});

test("reports a cluster that does not answer within twenty seconds", { skip }, async () => {
  const { kubeconfig } = await apiServer();
  const started = Date.now();
  await assert.rejects(
    requireReady(settings({ context: "gone" }), [volume], "dev"),
    /cluster of the context `gone` does not answer\n {2}got: {6}https:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
  );
  assert.ok(Date.now() - started < 20_000, kubeconfig);
});

test("after a failed run, reports the namespace's unready objects with their events", { skip }, async () => {
  const { apply } = await apiServer();
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "failed" } });
  const claim = { kind: "PersistentVolumeClaim", name: "data-citus-0-0", namespace: "failed" };
  await apply({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: claim.name, namespace: "failed" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  await apply({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "first", namespace: "failed" },
    involvedObject: claim,
    type: "Warning",
    reason: "ProvisioningFailed",
    message: "the disk quota of the project is used up",
  });
  const told = (await explainFailedUp(settings({ namespace: "failed" }))).map(renderProblem).join("\n");
  assert.match(told, /`data-citus-0-0` in `failed` gets no volume\n {2}got: {6}ProvisioningFailed: the disk quota/);
});

test("after a failed run, reports that the cluster does not answer", { skip }, async () => {
  await apiServer();
  const told = (await explainFailedUp(settings({ context: "gone" }))).map(renderProblem).join("\n");
  assert.match(told, /^The cluster of the context `gone` does not answer/);
});
