import { z } from "zod";
import type { DistributedTableInputs, ProcessedEventsInputs } from "../../architecture/data-plane/declaration";
import { formatDuration } from "../../common/duration";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { type Problem, refuseIfAny } from "../../common/problem";
import { type Interval, parseInterval, sameInterval } from "../partitions/interval";
import { deleteTable, parseTableId, previewDelete, quoteTable, type TableName, tableId } from "../postgres/live-tables";
import type { Statement } from "../postgres/sql-statements";
import { type Reader, runStatements } from "../postgres/sql-statements";
import { duration, identifier, qualifiedName, tenantType } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { Difference, ResourceHandler } from "../protocol/resource-handler";
import { tenancyDifferences } from "../protocol/tenancy-differences";
import { type DistributedTableState, distributedTable } from "./distributed-table";

export interface ProcessedEventsState extends Omit<ProcessedEventsInputs, "retention"> {
  readonly retention: Interval;
  /** `impossible`: this server has no Citus. `missing`: it has Citus, and the table is not distributed. */
  readonly distributed: "yes" | "missing" | "impossible";
}

/** Table as found in the catalogs. */
interface FoundProcessedEvents {
  /** Tenant column (the first of the primary key) and its type. */
  readonly column: string;
  readonly type: string;
  /** Undefined if the function with the value is missing. */
  readonly retention: Interval | undefined;
}

const toolkitSchema = "tenantry";

function tableOf({ schema = toolkitSchema }: Pick<ProcessedEventsInputs, "schema">): TableName {
  return { schema, table: "processed_events" };
}

/**
 * Table behind `tenantry.process_once()`: the events that each consumer has processed. It is not partitioned by time,
 * because its key would then contain the time, and a redelivery has another one. Consumers prune it as they run.
 */
export const processedEvents: ResourceHandler<ProcessedEventsInputs, ProcessedEventsState> = {
  noun: "ProcessedEvents",

  inputs: z.object({
    schema: identifier.exactOptional(),
    column: identifier,
    type: tenantType,
    colocateWith: qualifiedName.exactOptional(),
    retention: duration,
  }),

  check(old, next, allow) {
    if (!old) return [];
    return [...keyProblems(old, next), ...(distributedTable.check?.(asPlaced(old), asTable(next), allow) ?? [])];
  },

  diff(old, next) {
    const differences: Difference[] = [...tenancyDifferences(old, next)];
    if (!sameInterval(old.retention, next.retention)) differences.push({ path: "retention", how: "update" });
    return differences;
  },

  preview(old, next) {
    if (!next) return old ? previewDelete(tableOf(old)) : [];
    return [
      ...planProcessedEvents(next, old).map(({ sql }) => sql),
      ...distributedTable.preview(old && asPlaced(old), asTable(next)),
    ];
  },

  async create(context, next) {
    return { id: tableId(tableOf(next)), state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  delete: (context, _id, old) => deleteTable(context, tableOf(old)),

  async read(context, id, old) {
    const table = old ? tableOf(old) : parseTableId(id);
    const placed = await distributedTable.read(context, tableId(table), old && asPlaced(old));
    const found = placed && (await observe(context.database.query.bind(context.database), table));
    if (!found) return undefined;
    const { retention = { printed: "none" } } = found;
    const isOwn = table.schema !== toolkitSchema;
    return {
      ...(isOwn && { schema: table.schema }),
      column: found.column,
      type: tenantType.catch("text").parse(found.type),
      ...(!isOwn && {
        colocateWith: "colocateWith" in placed.placement ? placed.placement.colocateWith : tableId(table),
      }),
      retention: old && sameInterval(old.retention, retention) ? old.retention : retention,
      distributed: placed.distributed,
    };
  },
};

/** Statements that turn the found table into the wanted one. */
function planProcessedEvents(
  next: ProcessedEventsInputs,
  found: FoundProcessedEvents | undefined,
): readonly Statement[] {
  return [
    ...(sameInterval(found?.retention, next.retention) ? [] : [sayRetention(next)]),
    ...(found ? [] : createTable(next)),
  ];
}

/**
 * A function and not a row of settings, because Citus propagates it to every node that the application may connect
 * to.
 */
function sayRetention({ retention }: ProcessedEventsInputs): Statement {
  return {
    sql: `CREATE OR REPLACE FUNCTION tenantry.processed_events_retention() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN interval ${quoteLiteral(formatDuration(retention))}`,
  };
}

function createTable({ column, type, ...own }: ProcessedEventsInputs): readonly Statement[] {
  const table = tableOf(own);
  const tenant = quoteIdentifier(column);
  return [
    {
      sql: `CREATE TABLE ${quoteTable(table)} (
  ${tenant} ${type} NOT NULL,
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (${tenant}, consumer, event_id)
)`,
    },
    // The index serves the pruning of a tenant's oldest processed events.
    { sql: `CREATE INDEX processed_events_processed_at ON ${quoteTable(table)} (${tenant}, processed_at)` },
  ];
}

function asTable({ column, colocateWith, ...own }: Omit<ProcessedEventsInputs, "retention">): DistributedTableInputs {
  const placement = colocateWith === undefined ? ({ withSchema: true } as const) : { colocateWith };
  return { ...tableOf(own), column, placement, foreignKeys: [] };
}

function asPlaced(old: ProcessedEventsState): DistributedTableState {
  return { ...asTable(old), distributed: old.distributed };
}

/** Each step reads before it acts, so a run after a kill continues. */
async function apply(context: Context, next: ProcessedEventsInputs): Promise<ProcessedEventsState> {
  const look = (read: Reader) => observe(read, tableOf(next));
  await context.database.change(look, async (client, found) => {
    if (found) refuseIfAny(keyProblems(found, next));
    await runStatements(client, planProcessedEvents(next, found));
  });
  const { state } = await distributedTable.create(context, asTable(next));
  return { ...next, distributed: state.distributed };
}

async function observe(read: Reader, table: TableName): Promise<FoundProcessedEvents | undefined> {
  const [key] = await read<{ column: string; type: string; can_say: boolean }>(
    `SELECT attname AS column, format_type(atttypid, atttypmod) AS type,
       to_regprocedure('tenantry.processed_events_retention()') IS NOT NULL AS can_say
     FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
     WHERE indrelid = to_regclass($1) AND indisprimary`,
    [quoteTable(table)],
  );
  if (!key) return undefined;
  const [said] = key.can_say
    ? await read<{ retention: string }>("SELECT tenantry.processed_events_retention()::text AS retention")
    : [];
  return { column: key.column, type: key.type, retention: said && parseInterval(said.retention) };
}

function keyProblems(old: Pick<FoundProcessedEvents, "column" | "type">, next: ProcessedEventsInputs) {
  if (old.column === next.column && old.type === next.type) return [];
  const id = tableId(tableOf(next));
  const problem: Problem = {
    what: `${id} belongs to the tenants by another column, which is part of its key`,
    got: `${next.column} ${next.type}`,
    expected: `${old.column} ${old.type}, as it is now`,
    fix: `set the tenant column back; or DROP TABLE ${id}, refresh, and apply again: consumers then process redelivered events once more`,
  };
  return [problem];
}
