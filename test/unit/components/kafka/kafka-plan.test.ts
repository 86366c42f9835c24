import assert from "node:assert/strict";
import test from "node:test";
import { Problems } from "../../../../common/problem";
import { type KafkaOptions, planKafka } from "../../../../components/kafka/kafka-plan";

const GiB = 2 ** 30;
const MiB = 2 ** 20;
const tiny = { cpu: "1", memory: { bytes: 512 * MiB }, storage: { bytes: 100 * MiB } };

function refusal(options: Partial<KafkaOptions>): string {
  try {
    planKafka("kafka", { namespace: "shop", ...options });
  } catch (error) {
    assert.ok(error instanceof Problems);
    return error.message;
  }
  return assert.fail("no error was thrown");
}

test("defaults to three brokers, three controllers and three replicas", () => {
  const plan = planKafka("kafka", { namespace: "shop" });
  assert.deepEqual([plan.brokers, plan.controllers, plan.replication, plan.minInSync], [3, 3, 3, 2]);
  assert.deepEqual(plan.broker, { cpu: "2", memory: { bytes: 4 * GiB }, storage: { bytes: 100 * GiB } });
  assert.deepEqual([plan.spread, plan.protect, plan.operator], ["required", true, "chart"]);
});

test("derives replicas and acknowledgements from the number of brokers, up to three replicas", () => {
  const of = (brokers: number) => {
    const { replication, minInSync } = planKafka("kafka", { namespace: "shop", consistency: "bounded", brokers });
    return [replication, minInSync];
  };
  assert.deepEqual(
    [of(1), of(2), of(3), of(7)],
    [
      [1, 1],
      [2, 1],
      [3, 2],
      [3, 2],
    ],
  );
});

test("with consistency `eventual`, a single broker keeps the metadata too; more brokers get a controller", () => {
  const of = (options: Partial<KafkaOptions>) => {
    const { brokers, controllers } = planKafka("kafka", { namespace: "shop", consistency: "eventual", ...options });
    return [brokers, controllers];
  };
  assert.deepEqual(
    [of({}), of({ brokers: 2 })],
    [
      [1, 0],
      [2, 1],
    ],
  );
});

test("rejects strong consistency if a record could be on a single broker", () => {
  assert.match(refusal({ brokers: 2 }), /needs three copies[\s\S]*brokers: 2[\s\S]*Set `brokers` to 3/);
  assert.match(refusal({ brokers: 0, consistency: "eventual" }), /has no broker[\s\S]*at least 1/);
});

test("a plan sets replicas and acknowledgements for any consistency", () => {
  const of = (options: Partial<KafkaOptions>) => {
    const { brokers, replication, minInSync } = planKafka("kafka", { namespace: "shop", ...options });
    return [brokers, replication, minInSync];
  };
  assert.deepEqual(of({ brokers: 1, replication: 1 }), [1, 1, 1]);
  assert.deepEqual(of({ brokers: 4, replication: 4, minInSync: 2 }), [4, 4, 2]);
});

test("rejects more replicas than brokers, and more acknowledgements than replicas", () => {
  assert.match(
    refusal({ brokers: 2, replication: 3 }),
    /fewer brokers than copies[\s\S]*brokers: 2, copies: 3[\s\S]*at least 3 brokers[\s\S]*`replicationFactor` in `tenantry:plan`/,
  );
  assert.match(
    refusal({ replication: 3, minInSync: 4 }),
    /would ever count as acknowledged[\s\S]*4 copies must be written, of 3[\s\S]*`minInsyncReplicas` in `tenantry:plan`/,
  );
});

test("accepts a broker's size with some of its values", () => {
  const { broker } = planKafka("kafka", { namespace: "shop", broker: { storage: { bytes: GiB } } });
  assert.deepEqual(broker, { cpu: "2", memory: { bytes: 4 * GiB }, storage: { bytes: GiB } });
});

test("rejects an even number of controllers, and of brokers without controllers", () => {
  assert.match(
    refusal({ controllers: 2 }),
    /An even number of controllers[\s\S]*controllers: 2[\s\S]*Set `controllers` to 3/,
  );
  assert.match(
    refusal({ brokers: 4, controllers: 0 }),
    /keep its metadata too, and an even number[\s\S]*`brokers` to 5/,
  );
  assert.match(refusal({ controllers: 1 }), /A single controller[\s\S]*against consistency `strong`/);
});

test("rejects all pods that are too small for Kafka, in one error", () => {
  const message = refusal({ broker: tiny, controller: tiny });
  assert.match(message, /A broker with so little memory[\s\S]*got: +memory: 512 MiB[\s\S]*at least 768 MiB/);
  assert.match(message, /The volume of a broker has no room[\s\S]*at least 1 GiB/);
  assert.match(message, /A controller with so little memory/);
});

test("ignores a controller's size if the brokers are the controllers", () => {
  assert.equal(planKafka("kafka", { namespace: "shop", controllers: 0, controller: tiny }).controllers, 0);
});

test("rejects a user whose name can't be part of a Secret's name", () => {
  assert.match(refusal({ users: { Billing_App: [] } }), /cannot be named so[\s\S]*Billing_App[\s\S]*Rename the user/);
});
