import type { OutboxInputs } from "../../architecture/data-plane/declaration";
import {
  isOutboxCheck,
  isSameCheck,
  type OutboxBounds,
  type OutboxCheck,
  outboxChecks,
} from "../../architecture/data-plane/outbox-checks";
import { createdColumn, outbox as names } from "../../architecture/data-plane/outbox-table";
import { quoteIdentifier } from "../../common/identifier";
import type { Problem } from "../../common/problem";
import { quoteTable, type TableName, tableId } from "../postgres/live-tables";
import { type FoundPublication, readPublication } from "../postgres/publication";
import type { Reader, Statement } from "../postgres/sql-statements";

/** Outbox as found in the catalogs. */
export interface FoundOutbox {
  /** Tenant column (the first of the primary key) and its type. */
  readonly column: string;
  readonly type: string;
  /** Its CHECK constraints by name, as PostgreSQL prints them. */
  readonly checks: Readonly<Record<string, string>>;
  readonly publication: FoundPublication | undefined;
}

export function tableOf({ schema = names.schema }: Pick<OutboxInputs, "schema">): TableName {
  return { schema, table: names.table };
}

/** Schema, if it is a tenant's own. */
export function ownOf({ schema }: TableName): Pick<OutboxInputs, "schema"> {
  return schema === names.schema ? {} : { schema };
}

/** Statements that turn the found table into the wanted one. */
export function planOutboxTable(next: OutboxInputs, found: FoundOutbox | undefined): readonly Statement[] {
  if (!found) return [createTable(next)];
  const missing = missingChecks(next, found.checks);
  const kept = new Set(outboxChecks(next).map(({ name }) => name));
  for (const { name } of missing) kept.delete(name);
  const former = Object.keys(found.checks).filter((name) => !kept.has(name));
  const alter = `ALTER TABLE ${quoteTable(tableOf(next))}`;
  return [
    ...former.sort().map((name) => ({ sql: `${alter} DROP CONSTRAINT ${quoteIdentifier(name)}` })),
    // Existing rows were published before and go with their partitions, so only new rows are checked.
    ...missing.map((check) => ({ sql: `${alter} ADD ${constraint(check)} NOT VALID` })),
  ];
}

export function missingChecks(wanted: OutboxBounds, found: FoundOutbox["checks"]): readonly OutboxCheck[] {
  return outboxChecks(wanted).filter((check) => !isSameCheck(found[check.name], check));
}

function constraint({ name, expression }: OutboxCheck): string {
  return `CONSTRAINT ${name} CHECK ${expression}`;
}

function createTable(next: OutboxInputs): Statement {
  const { column, type } = next;
  const tenant = quoteIdentifier(column);
  return {
    sql: `CREATE TABLE ${quoteTable(tableOf(next))} (
  ${tenant} ${type} NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  ${createdColumn.name} ${createdColumn.definition},
  aggregate_type text NOT NULL,
  aggregate_id text NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  PRIMARY KEY (${tenant}, created_at, id),
  ${outboxChecks(next).map(constraint).join(",\n  ")}
) PARTITION BY RANGE (created_at)`,
  };
}

export async function readOutbox(
  read: Reader,
  table: TableName,
  publication: string,
): Promise<FoundOutbox | undefined> {
  const [key] = await read<{ column: string; type: string; checks: Record<string, string> }>(
    `SELECT attname AS column, format_type(atttypid, atttypmod) AS type,
       (SELECT coalesce(json_object_agg(conname, pg_get_expr(conbin, conrelid)), '{}')
        FROM pg_constraint c WHERE c.conrelid = i.indrelid AND contype = 'c') AS checks
     FROM pg_index i JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
     WHERE indrelid = to_regclass($1) AND indisprimary`,
    [quoteTable(table)],
  );
  if (!key) return undefined;
  const checks = Object.fromEntries(Object.entries(key.checks).filter(([name]) => isOutboxCheck(name)));
  const isShared = ownOf(table).schema !== undefined;
  return { ...key, checks, publication: await readPublication(read, { name: publication, table, isShared }) };
}

export function keyProblems(old: Pick<FoundOutbox, "column" | "type">, next: OutboxInputs): readonly Problem[] {
  if (old.column === next.column && old.type === next.type) return [];
  const id = tableId(tableOf(next));
  return [
    {
      what: `${id} belongs to the tenants by another column, which is part of its key`,
      got: `${next.column} ${next.type}`,
      expected: `${old.column} ${old.type}, as it is now`,
      fix: `set the tenant column back; or, once every connector has read its last event, DROP TABLE ${id}, refresh, and apply again`,
    },
  ];
}
