import type { Change } from "./digest";
import { harmfulStatements } from "./harmful-sql";

type Loss = (change: Change, allow: ReadonlySet<string>) => string;

const droppedTable: Loss = ({ name }, allow) =>
  allow.has(`drop ${name}`)
    ? "the table is dropped with its rows: `tenantry:allow` has its opt-in"
    : "the table stays with its rows, and nothing looks after it any more";

/** The data lost with a resource, by the end of its type's name. Resources of other types hold no data. */
const losses: Readonly<Record<string, Loss>> = {
  "core/v1:PersistentVolumeClaim": () => "the volume goes with all data on it",
  "core/v1:PersistentVolume": () => "the volume goes with all data on it",
  "core/v1:Namespace": () => "everything in it goes, volumes included",
  "core/v1:Secret": () => "logins or keys change: whoever holds the old ones is refused until restarted",
  "apps/v1:StatefulSet": () => "its pods all stop; the shards of a database node must lie elsewhere before",
  ":CustomResourceDefinition": () => "every object of this kind in the cluster goes with it",
  "kafka.strimzi.io/v1:Kafka": () => "the brokers go, and the events on their volumes with them",
  "kafka.strimzi.io/v1:KafkaNodePool": () => "brokers or controllers go, and the events on their volumes with them",
  "kafka.strimzi.io/v1:KafkaTopic": () => "the topic goes with its events",
  "kafka.strimzi.io/v1:KafkaUser": () => "whoever logs in with it is refused",
  "kafka.strimzi.io/v1:KafkaConnect": () => "no event reaches Kafka meanwhile; they wait in the slots",
  "kafka.strimzi.io/v1:KafkaConnector": () => "no event of its node reaches Kafka meanwhile; they wait in the slot",
  ":kafka:index/topic:Topic": () => "the topic goes with its events",
  ":postgresql:index/database:Database": () => "the database goes with all its tables",
  ":postgresql:index/schema:Schema": () => "the schema goes with all its tables",
  ":postgresql:index/role:Role": () => "whoever logs in with it is refused",
  ":postgresql:index/extension:Extension": () => "what the extension made goes with it",
  ":DistributedTable": droppedTable,
  ":ReferenceTable": droppedTable,
  ":Outbox": droppedTable,
  ":ProcessedEvents": droppedTable,
  ":PartitionSet": () => "no partitions are made any more: writes fail when the last one is full",
  ":TenantIsolation": () => "its grants are revoked; row level security stays on",
  ":CitusNode": () => "the node leaves the cluster; its shards lie elsewhere by then",
  ":ReplicationSlot": () => "events of this node that were not read yet are lost",
  ":Connector": () => "its offsets go, and no event of its node reaches Kafka any more",
};

/** The ways in which a change may destroy, interrupt or expose data. Empty for a harmless change. */
export function dangersOf(change: Change, allow: ReadonlySet<string>): string[] {
  const goes = change.verb === "delete" || change.verb === "replace";
  const loss = Object.entries(losses).find(([ending]) => `:${change.type}`.endsWith(ending))?.[1];
  return [
    ...(goes && loss ? [loss(change, allow)] : []),
    ...(isRedistributed(change) ? ["every row is rewritten, and its writers are blocked meanwhile"] : []),
    // The statements of a delete cause the loss that is already listed.
    ...(goes ? [] : harmfulStatements(change.told)),
  ];
}

function isRedistributed({ type, verb, paths }: Change): boolean {
  const moving = paths.some((path) => path === "column" || path.startsWith("placement"));
  return verb === "update" && type.endsWith(":DistributedTable") && moving;
}
