import type { Application } from "../application";
import type { PostgresNode } from "../endpoints";

/** The outbox as PostgreSQL, Kafka Connect and the Debezium router must all know it. */
export const outbox = { schema: "tenantry", table: "outbox", publication: "tenantry_outbox" } as const;

/** Without an aggregate there is no slot that reads an outbox, and so none is made. */
export function hasOutbox({ events }: Pick<Application, "events">): boolean {
  return events.aggregates.length > 0;
}

/**
 * The outbox's column that gives the header `created_at`: `created_at` in microseconds since 1970 (UTC). A bigint, because
 * Debezium spends a third more of its reader thread on parsing a timestamptz.
 */
export const createdColumn = {
  name: "created_us",
  definition: "bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000000)::bigint",
} as const;

/** The headers of a record, by the outbox's column; `id` is the router's own. */
export function headerColumns(tenantColumn: string): ReadonlyMap<string, string> {
  return new Map([
    [tenantColumn, "tenant"],
    ["type", "type"],
    [createdColumn.name, "created_at"],
  ]);
}

/**
 * The publication's column list: what the router turns into a record, and nothing else. Debezium parses every column that
 * it is sent, read or not. The partition key and the primary key may be missing, as only inserts are published.
 */
export function publishedColumns(tenantColumn: string): readonly string[] {
  return ["id", "aggregate_type", "aggregate_id", "payload", ...headerColumns(tenantColumn).keys()];
}

/** The outbox's columns beside the tenant column, which therefore has another name. */
export const outboxColumns: readonly string[] = [
  "id",
  "created_at",
  createdColumn.name,
  "aggregate_type",
  "aggregate_id",
  "type",
  "payload",
];

/** One slot a node that holds shards. */
export function outboxSlot(application: string, node: PostgresNode): string {
  return `${application}_outbox_${node.name}`;
}

/** One connector a slot. */
export function outboxConnector(application: string, node: PostgresNode): string {
  return `${application}-outbox-${node.name.replaceAll("_", "-")}`;
}
