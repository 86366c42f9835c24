import type { Client } from "pg";
import type { Application, Partition, TenantTable } from "../../architecture/application";
import { formatDuration } from "../../common/duration";
import { type Problem, Problems } from "../../common/problem";
import { findTable, tableId } from "../../provider/postgres/live-tables";
import { isServerError } from "../../provider/postgres/postgres-connection";
import { type Reader, readerOf, statementProblem } from "../../provider/postgres/sql-statements";
import { type Converted, convert } from "./conversion";
import { readPartitions, readServer } from "./warm-partition";
import { planWarm } from "./warm-plan";

export interface WarmRun {
  /** A connection that takes one query at a time. */
  readonly client: Client;
  readonly application: Application;
  /** The time by which partitions are warm. */
  readonly now: Date;
  readonly tell: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface WarmOutcome {
  readonly converted: readonly Converted[];
  /** Errors of single tables and partitions, which stop no others. */
  readonly problems: readonly Problem[];
}

/** Makes every partition compact that is past `hot`. */
export async function convertWarm(run: WarmRun): Promise<WarmOutcome> {
  const converted: Converted[] = [];
  const problems: Problem[] = [];
  for (const table of run.application.tables) {
    if (table.kind !== "tenant" || !table.partition) continue;
    const outcome = await convertTable(run, table, table.partition);
    converted.push(...outcome.converted);
    problems.push(...outcome.problems);
  }
  await forgetDropped(run.client);
  return { converted, problems };
}

async function convertTable(
  { client, now, tell, signal }: WarmRun,
  { schema, name }: TenantTable,
  { tiers }: Partition,
): Promise<WarmOutcome> {
  const read = readerOf(client);
  const table = { schema, table: name };
  if (!(await findTable(read, table))?.partitioned) return { converted: [], problems: [] };
  const [partitions, server] = [await readPartitions(read, table), await readServer(read, table)];
  const hotUntil = tiers?.hot && (await before(read, now, formatDuration(tiers.hot)));
  const plan = planWarm({ schema, name, compact: tiers?.compact ?? "heap" }, hotUntil, partitions, server);
  for (const note of plan.notes) tell(note);
  const converted: Converted[] = [];
  const problems = [...plan.problems];
  for (const conversion of plan.conversions) {
    if (signal?.aborted) break;
    try {
      const done = await convert(client, table, conversion, server);
      converted.push(done);
      tell(`${tableId(done.partition)} is compact (${done.form}): ${done.bytesBefore} → ${done.bytesAfter} bytes`);
    } catch (error) {
      problems.push(...problemsOf(error));
    }
  }
  return { converted, problems };
}

/** PostgreSQL subtracts, because a month has no fixed number of days. */
async function before(read: Reader, now: Date, age: string): Promise<Date> {
  const [row] = await read<{ at: Date }>("SELECT $1::timestamptz - $2::interval AS at", [now, age]);
  return row?.at ?? now;
}

/** Forgets partitions that are no more, or whose place another one has. */
async function forgetDropped(client: Client): Promise<void> {
  await client.query(
    `DELETE FROM tenantry.warm_partition
     WHERE to_regclass(format('%I.%I', schema_name, table_name)) IS NULL OR NOT EXISTS (
       SELECT FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
       WHERE inhparent = to_regclass(format('%I.%I', schema_name, table_name)) AND child.relname = partition_name)`,
  );
}

/** @throws what is no error of the server or of this table */
function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof Problems) return error.problems;
  if (isServerError(error)) return [statementProblem(error, { sql: "" })];
  throw error;
}
