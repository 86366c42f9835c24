import type { Application } from "../application";
import type { PostgresNode } from "../endpoints";

/** The outbox's names, shared by PostgreSQL, Kafka Connect and the Debezium router. */
export const outbox = { schema: "tenantry", table: "outbox", publication: "tenantry_outbox" } as const;

/** True if the application has an outbox. Without an aggregate no slot would read it, so it is not created. */
export function hasOutbox({ events }: Pick<Application, "events">): boolean {
  return events.aggregates.length > 0;
}

/**
 * The outbox column for the header `created_at`: `created_at` in microseconds since 1970 (UTC). It is a bigint, because
 * Debezium's reader thread needs a third more time to parse a timestamptz.
 */
export const createdColumn = {
  name: "created_us",
  definition: "bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000000)::bigint",
} as const;

/** The headers of a record, by the outbox's column. The router adds `id` itself. */
export function headerColumns(tenantColumn: string): ReadonlyMap<string, string> {
  return new Map([
    [tenantColumn, "tenant"],
    ["type", "type"],
    [createdColumn.name, "created_at"],
  ]);
}

/**
 * The publication's column list: only the columns that the router turns into a record, because Debezium parses every
 * column that it receives. The partition key and the primary key may be missing, because only inserts are published.
 */
export function publishedColumns(tenantColumn: string): readonly string[] {
  return ["id", "aggregate_type", "aggregate_id", "payload", ...headerColumns(tenantColumn).keys()];
}

/** The outbox's columns beside the tenant column, which must therefore have another name. */
export const outboxColumns: readonly string[] = [
  "id",
  "created_at",
  createdColumn.name,
  "aggregate_type",
  "aggregate_id",
  "type",
  "payload",
];

/** The slot's name. Each node that holds shards has one slot. */
export function outboxSlot(application: string, node: PostgresNode): string {
  return `${application}_outbox_${node.name}`;
}

/** The connector's name. Each slot has one connector. */
export function outboxConnector(application: string, node: PostgresNode): string {
  return `${application}-outbox-${node.name.replaceAll("_", "-")}`;
}
