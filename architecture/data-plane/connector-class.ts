/** Debezium's connector for PostgreSQL. */
export const debeziumClass = "io.debezium.connector.postgresql.PostgresConnector";

/**
 * tenantry's connector, which costs less while no events come: `images/connect/outbox-connector`. Settings, slot and
 * offsets are Debezium's.
 */
export const outboxClass = "tenantry.connect.OutboxConnector";

/**
 * True if connectors of the class read PostgreSQL's log as Debezium does, so that one continues where the other ended.
 */
export function isDebeziumClass(name: string | undefined): boolean {
  return name === debeziumClass || name === outboxClass;
}
