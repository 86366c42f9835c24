import assert from "node:assert/strict";
import test from "node:test";
import { missingResources } from "../../../../lint/rules/missing-resources";
import { fixes, found } from "../shop-with";

const bad = `resources:
  - type: kubernetes:apps/v1:Deployment
    name: connect
    inputs: { spec: { template: { spec: { containers: [{ name: connect, image: "connect:3.6" }] } } } }`;

test("reports the bad example: line, message, fix", async () => {
  assert.deepEqual(await found(missingResources, bad, { in: "yaml" }), [
    "kubernetes:apps/v1:Deployment connect Container `connect` of `connect` has no request of cpu, no request of memory, no limit on memory",
  ]);
  assert.match((await fixes(missingResources, bad, { in: "yaml" })).join(), /^Give it/);
});

test("accepts the good example", async () => {
  assert.deepEqual(
    await found(
      missingResources,
      `resources:
  - type: kubernetes:apps/v1:Deployment
    name: connect
    inputs:
      spec:
        template:
          spec:
            containers:
              - name: connect
                image: connect:3.6
                resources: { requests: { cpu: 500m, memory: 1Gi }, limits: { memory: 1Gi } }`,
      { in: "yaml" },
    ),
    [],
  );
});
