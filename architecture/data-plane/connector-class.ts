/** Debezium's connector for PostgreSQL. */
export const debeziumClass = "io.debezium.connector.postgresql.PostgresConnector";

/** The same, cheap while nothing happens: `images/connect/outbox-connector`. Settings, slot and offsets are Debezium's. */
export const outboxClass = "tenantry.connect.OutboxConnector";

/** Whether connectors of the class read PostgreSQL's log as Debezium does: one may go on where the other ended. */
export function isDebeziumClass(name: string | undefined): boolean {
  return name === debeziumClass || name === outboxClass;
}
