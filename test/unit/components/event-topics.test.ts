import assert from "node:assert/strict";
import test from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../../../architecture/application";
import { EventTopics, eventTopics, topicOptions } from "../../../components/event-topics";
import { consumerAccess } from "../../../components/kafka/kafka-access-rules";
import type { Settings } from "../../../settings/settings";
import { mockedResources } from "./mocks";

const registered = mockedResources();

const order = {
  name: "order",
  topic: "shop.order.events",
  partitions: 6,
  retention: { count: 14, unit: "day" },
} as const;

const bill = { ...order, name: "bill", topic: "shop.bill.events" };

async function declared(topics: EventTopics): Promise<typeof registered> {
  await new Promise((resolve) => topics.urn.apply(resolve));
  await pulumi.runtime.disconnect();
  return registered;
}

test("declares a topic for each aggregate, with partitions, replicas and retention, and an access rule for each operation of a reader", async () => {
  const readers = { billing: consumerAccess("billing", [order.topic]) };
  new EventTopics("existing", { aggregates: [bill], replication: 3, minInSync: 2 }, {});
  const parts = await declared(new EventTopics("topics", { aggregates: [order], replication: 3, readers }, {}));
  assert.deepEqual(parts.find(({ name }) => name === "existing-shop.bill.events")?.inputs.config, {
    "cleanup.policy": "delete",
    "retention.ms": "1209600000",
    "max.message.bytes": "1048588",
    "min.insync.replicas": "2",
  });
  assert.deepEqual(parts.find(({ name }) => name === "topics-shop.order.events")?.inputs, {
    name: "shop.order.events",
    partitions: 6,
    replicationFactor: 3,
    config: { "cleanup.policy": "delete", "retention.ms": "1209600000", "max.message.bytes": "1048588" },
  });
  const acls = parts.filter(({ type }) => type.endsWith(":Acl")).map(({ inputs }) => inputs);
  assert.deepEqual(acls.map((acl) => `${acl.aclResourceType} ${acl.aclOperation}`).toSorted(), [
    "Group Describe",
    "Group Read",
    "Topic Describe",
    "Topic Read",
  ]);
  assert.deepEqual(
    acls.find((acl) => acl.aclResourceType === "Group" && acl.aclOperation === "Read"),
    {
      aclPrincipal: "User:billing",
      aclHost: "*",
      aclPermissionType: "Allow",
      aclResourceType: "Group",
      aclResourceName: "billing",
      resourcePatternTypeFilter: "Prefixed",
      aclOperation: "Read",
    },
  );
});

test("leaves a topic in Kafka when it leaves the program, unless it was `deletable` before", () => {
  const kept = (deletable?: readonly string[]) =>
    topicOptions({ topic: order.topic, ...(deletable && { deletable }) }).retainOnDelete;
  assert.equal(kept(), true);
  assert.equal(kept(["shop.payment.events"]), true);
  assert.equal(kept(["shop.order.events"]), false);
});

test("rejects topics that could never acknowledge an event, and readers of unknown aggregates, in one error", () => {
  const application = { events: { aggregates: [order] } } as unknown as Application;
  const settings = {
    kafka: { manageTopics: true, replication: 1, minInSync: 2, consumers: { billing: ["ordr"] } },
    allow: [],
  } as unknown as Settings;
  assert.throws(
    () => eventTopics(application, settings, { declared: undefined, endpoints: undefined, ready: [] }),
    (error: Error) => {
      assert.match(error.message, /`billing` reads an aggregate that `architecture.yaml` does not declare/);
      assert.match(error.message, /No record of the events' topics would ever[\s\S]*2 copies must be written, of 1/);
      return true;
    },
  );
});
