import assert from "node:assert/strict";
import test from "node:test";
import { publicEndpoint } from "../../../../lint/rules/public-endpoint";
import { fixes, found } from "../shop-with";

const bad = `resources:
  - type: kubernetes:core/v1:Service
    name: citus-primary
    inputs: { spec: { type: LoadBalancer } }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(publicEndpoint, bad, { in: "yaml" }), [
    "kubernetes:core/v1:Service citus-primary `citus-primary` can be reached from outside of the cluster: Service of type LoadBalancer",
  ]);
  assert.match((await fixes(publicEndpoint, bad, { in: "yaml" })).join(), /^Use a/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      publicEndpoint,
      `resources:
  - type: kubernetes:core/v1:Service
    name: citus-primary
    inputs: { spec: { type: ClusterIP } }`,
      { in: "yaml" },
    ),
    [],
  );
});

const ways = {
  "Service of type NodePort": `{ type: "kubernetes:core/v1:Service", name: it, inputs: { spec: { type: NodePort } } }`,
  externalIPs: `{ type: "kubernetes:core/v1:Service", name: it, inputs: { spec: { externalIPs: [192.0.2.1] } } }`,
  Ingress: `{ type: "kubernetes:networking.k8s.io/v1:Ingress", name: it, inputs: {} }`,
  hostNetwork: `{ type: "kubernetes:core/v1:Pod", name: it, inputs: { spec: { hostNetwork: true } } }`,
  hostPort: `{ type: "kubernetes:batch/v1:CronJob", name: it, inputs: { spec: { jobTemplate: { spec: { template: { spec: { containers: [{ ports: [{ hostPort: 1 }] }] } } } } } } }`,
  "listener of type nodeport": `{ type: "kubernetes:kafka.strimzi.io/v1:Kafka", name: it, inputs: { spec: { kafka: { listeners: [{ type: nodeport }] } } } }`,
};
for (const [how, resource] of Object.entries(ways)) {
  test(`reports ${how}`, async () => {
    const [finding = "", ...others] = await found(publicEndpoint, `resources: [${resource}]`, { in: "yaml" });
    assert.deepEqual(others, []);
    assert.ok(finding.endsWith(`\`it\` can be reached from outside of the cluster: ${how}`), finding);
  });
}

test("accepts a load balancer in the private network", async () => {
  const text = `resources:
  - type: kubernetes:core/v1:Service
    name: it
    inputs:
      metadata: { annotations: { service.beta.kubernetes.io/aws-load-balancer-scheme: internal } }
      spec: { type: LoadBalancer }`;
  assert.deepEqual(await found(publicEndpoint, text, { in: "yaml" }), []);
});
