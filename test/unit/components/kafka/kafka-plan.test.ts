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
  return assert.fail("nothing was refused");
}

test("a cluster that says nothing else has three brokers and three controllers, and keeps each record three times", () => {
  const plan = planKafka("kafka", { namespace: "shop" });
  assert.deepEqual([plan.brokers, plan.controllers, plan.replication, plan.minInSync], [3, 3, 3, 2]);
  assert.deepEqual(plan.broker, { cpu: "2", memory: { bytes: 4 * GiB }, storage: { bytes: 100 * GiB } });
  assert.deepEqual([plan.spread, plan.protect, plan.operator], ["required", true, "chart"]);
});

test("copies and acknowledgements follow from the brokers, up to three copies", () => {
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

test("where consistency is eventual, a single broker keeps the metadata too, and more brokers leave it to a controller", () => {
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

test("strong consistency is refused where a record could be on one broker alone", () => {
  assert.match(refusal({ brokers: 2 }), /needs three copies[\s\S]*brokers: 2[\s\S]*Set `brokers` to 3/);
  assert.match(refusal({ brokers: 0, consistency: "eventual" }), /has no broker[\s\S]*at least 1/);
});

test("a plan decides the copies, and how many acknowledge, whatever the consistency", () => {
  const of = (options: Partial<KafkaOptions>) => {
    const { brokers, replication, minInSync } = planKafka("kafka", { namespace: "shop", ...options });
    return [brokers, replication, minInSync];
  };
  assert.deepEqual(of({ brokers: 1, replication: 1 }), [1, 1, 1]);
  assert.deepEqual(of({ brokers: 4, replication: 4, minInSync: 2 }), [4, 4, 2]);
});

test("more copies than brokers, and more that acknowledge than copies, are refused", () => {
  assert.match(
    refusal({ brokers: 2, replication: 3 }),
    /fewer brokers than copies[\s\S]*brokers: 2, copies: 3[\s\S]*at least 3 brokers[\s\S]*`replicationFactor` in `tenantry:plan`/,
  );
  assert.match(
    refusal({ replication: 3, minInSync: 4 }),
    /would ever count as acknowledged[\s\S]*4 copies must be written, of 3[\s\S]*`minInsyncReplicas` in `tenantry:plan`/,
  );
});

test("a broker's size may be given in part", () => {
  const { broker } = planKafka("kafka", { namespace: "shop", broker: { storage: { bytes: GiB } } });
  assert.deepEqual(broker, { cpu: "2", memory: { bytes: 4 * GiB }, storage: { bytes: GiB } });
});

test("an even number of controllers is refused, whether they are brokers or not", () => {
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

test("pods too small for Kafka are refused, all at once", () => {
  const message = refusal({ broker: tiny, controller: tiny });
  assert.match(message, /A broker with so little memory[\s\S]*got: +memory: 512 MiB[\s\S]*at least 768 MiB/);
  assert.match(message, /The volume of a broker has no room[\s\S]*at least 1 GiB/);
  assert.match(message, /A controller with so little memory/);
});

test("a controller's size does not matter where the brokers are the controllers", () => {
  assert.equal(planKafka("kafka", { namespace: "shop", controllers: 0, controller: tiny }).controllers, 0);
});

test("a user whose Secret could not be named is refused", () => {
  assert.match(refusal({ users: { Billing_App: [] } }), /cannot be named so[\s\S]*Billing_App[\s\S]*Rename the user/);
});
