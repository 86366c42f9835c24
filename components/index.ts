/** The components for other Pulumi programs. docs/components.md describes them. */
export { CitusCluster, type CitusClusterArgs } from "./citus-cluster";
export { ConnectionPooler, type ConnectionPoolerArgs } from "./connection-pooler";
export { DataPlane, type DataPlaneArgs } from "./data-plane";
export { DatabaseRoles, type DatabaseRolesArgs } from "./database-roles";
export { EventTopics, type EventTopicsArgs } from "./event-topics";
export { ExternalAccess, type ExternalAccessArgs } from "./external-access";
export { KafkaCluster, type KafkaClusterArgs } from "./kafka-cluster";
export { KafkaConnect, type KafkaConnectArgs } from "./kafka-connect";
export { Lifecycle, type LifecycleArgs } from "./lifecycle";
export { Monitoring, type MonitoringArgs } from "./monitoring";
export { OutboxConnectors, type OutboxConnectorsArgs } from "./outbox-connectors";
