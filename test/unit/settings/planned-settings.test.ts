import assert from "node:assert/strict";
import test from "node:test";
import { loadSettings } from "../../../settings/stack-file";
import { kubernetes, load, noSecrets, problemsOf, stackFolder } from "./stack-file";

test("a stack with a workload takes its sizes from the plan", async () => {
  const folder = stackFolder(
    `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b }\n  tenantry:workload: ${load}\n  tenantry:plan: { workers: 5 }\n`,
  );
  const settings = await loadSettings("dev", noSecrets, folder);
  assert.equal(settings.consistency, "bounded");
  assert.equal(settings.kubernetes?.workers, 5);
  assert.equal(settings.kubernetes?.worker.cpu, "16");
  assert.equal(settings.shardCount, 64);
});

test("rejects a size beside a workload, and names the key of `tenantry:plan` instead", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:consistency: strong\n  tenantry:shardCount: 12\n  tenantry:kubernetes: { context: a, namespace: b, workers: 2, replicas: 2, coordinator: {}, worker: {}, kafka: { brokers: 3, broker: { cpu: 1, storage: 9 GiB } }, connect: { replicas: 2 } }\n  tenantry:workload: ${load}\n`,
  );
  assert.match(message, /yaml:4:3: `tenantry:consistency` is the plan's to decide/);
  assert.match(message, /`consistency` in `tenantry:workload`/);
  assert.match(message, /yaml:5:3: `tenantry:shardCount` is the plan's[\s\S]*write `shardCount` in `tenantry:plan`/);
  assert.match(message, /yaml:6:52: `tenantry:kubernetes.workers` is the plan's/);
  const instead = ["replicas", "coordinatorCores", "workerStorage", "brokers", "brokerStorage", "connectWorkers"];
  for (const value of instead) assert.match(message, new RegExp(`\`${value}\`.* in \`tenantry:plan\``));
});

test("with a workload, the plan sets the replication of topics on existing servers", async () => {
  const stack = (kafka: string) => `config:\n  tenantry:application: shop\n  tenantry:workload: ${load}\n${kafka}`;
  const settings = await loadSettings("dev", noSecrets, stackFolder(stack("")));
  assert.deepEqual([settings.kafka.replication, settings.kafka.minInSync], [3, 2]);
  assert.match(
    await problemsOf(stack("  tenantry:kafka: { replication: 2 }\n")),
    /`tenantry:kafka.replication` is the plan's to decide[\s\S]*write `replicationFactor` in `tenantry:plan`/,
  );
});

test("rejects `tenantry:plan` without a workload, and servers without a number of workers", async () => {
  const message = await problemsOf(
    `${kubernetes}  tenantry:kubernetes: { context: a, namespace: b }\n  tenantry:plan: { workers: 5 }\n`,
  );
  assert.match(message, /yaml:5:3: `tenantry:plan` sets values of a plan, and there is none/);
  assert.match(message, /yaml:4:3: Nothing says how many workers there are/);
});
