import type { Client } from "pg";
import { z } from "zod";
import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { type Duration, durationMs, formatDuration, longestDuration } from "../../common/duration";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import { guard, readGuardedRetention, unguard } from "../partitions/guarded-retention";
import { formatInterval, type Interval, parseInterval, sameInterval } from "../partitions/interval";
import { readFaults, takeOver } from "../partitions/partition-faults";
import {
  configure,
  createParent,
  findDefault,
  forget,
  limitsOf,
  maintain,
  type Partman,
  readConfig,
} from "../partitions/partman";
import type { Database } from "../postgres/database";
import { parseTableId, quoteTable, requireTable, type TableName, tableId } from "../postgres/live-tables";
import type { Statement } from "../postgres/sql-statements";
import { type Reader, readerOf, runAndRead, runStatements } from "../postgres/sql-statements";
import { duration, identifier } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { Difference, ResourceHandler } from "../protocol/resource-handler";

export interface PartitionSetState extends Omit<PartitionSetInputs, "every" | "retention"> {
  readonly every: Interval;
  readonly retention?: Interval;
  /** `off`: somebody turned off the creation of partitions ahead, or the dropping of old ones. */
  readonly maintenance: "on" | "off";
  /** Times without a partition, and partitions that are closed too early. @default none */
  readonly faults?: readonly string[];
}

/** Partition set as found in pg_partman's and the toolkit's tables. */
export interface FoundPartitionSet {
  readonly by: string;
  readonly every: Interval;
  readonly ahead: number;
  readonly retention: Interval | undefined;
  readonly guardedRetention: Interval | undefined;
  readonly maintained: boolean;
  readonly template: string | undefined;
  /** @default none */
  readonly faults?: readonly string[];
  /**
   * True if pg_partman's routines are its own again, as after an update, and this role may replace them. @default
   * false
   */
  readonly isForeign?: boolean;
}

/** pg_partman's worker runs once an hour by default: shorter partitions would end before the next one exists. */
const shortest = { count: 1, unit: "hour" } as const;

export const partitionSet: ResourceHandler<PartitionSetInputs, PartitionSetState> = {
  noun: "PartitionSet",

  inputs: z.object({
    schema: identifier,
    table: identifier,
    by: identifier,
    every: duration,
    ahead: z.int().min(1).max(1000),
    retention: duration.exactOptional(),
    dropAfter: z.enum(["retention", "slots"]),
  }),

  check(old, next) {
    const problems: Problem[] = [];
    if (/[.']/.test(next.schema) || /[.']/.test(next.table)) problems.push(nameRefused(next));
    if (isShort(next.every)) problems.push(tooShort(next));
    if (isFar(next)) problems.push(tooFar(next));
    if (!old || tableId(old) !== tableId(next)) return problems;
    if (old.by !== next.by) problems.push(keyChanged("by", old, next));
    if (!sameInterval(old.every, next.every)) problems.push(keyChanged("every", old, next));
    return problems;
  },

  diff(old, next) {
    const differences: Difference[] = (["schema", "table", "by"] as const)
      .filter((path) => old[path] !== next[path])
      .map((path) => ({ path, how: "replace" }));
    if (!sameInterval(old.every, next.every)) differences.push({ path: "every", how: "replace" });
    if (old.ahead !== next.ahead) differences.push({ path: "ahead", how: "update" });
    if (!sameInterval(old.retention, next.retention)) differences.push({ path: "retention", how: "update" });
    if (old.dropAfter !== next.dropAfter) differences.push({ path: "dropAfter", how: "update" });
    if (old.maintenance === "off") differences.push({ path: "maintenance", how: "update" });
    if (old.faults) differences.push({ path: "faults", how: "update" });
    return differences;
  },

  preview(old, next) {
    const lines = (statements: readonly Statement[]) => statements.map(({ sql }) => sql);
    if (!next)
      return old
        ? [
            "-- the partitions stay with their rows:",
            ...lines(planDelete(old, old.dropAfter === "slots", undefined, usual)),
          ]
        : [];
    const shorter = old && shortened(old.retention, next.retention);
    return [
      ...(old ? [] : ["-- as for pg_partman 5; version 4 is told the same in its own words:"]),
      ...(shorter
        ? [`-- partitions older than ${formatDuration(shorter)} are dropped in the next round of maintenance:`]
        : []),
      ...lines(planPartitionSet(next, old && expectedFrom(old), usual)),
    ];
  },

  async create(context, next) {
    return { id: tableId(next), state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  async delete({ database, log }, _id, old) {
    const { partman } = await database.facts;
    if (!partman) return;
    await database.transaction(async (client) => {
      const read = readerOf(client);
      const found = await observe(read, old, partman);
      const isGuarded = (await readGuardedRetention(read, old)) !== undefined;
      await runStatements(client, planDelete(old, isGuarded, found?.template, partman));
    });
    log(`no partitions are made for ${tableId(old)} any more; those that exist stay with their rows`);
  },

  async read({ database }, id, old) {
    const name = old ?? parseTableId(id);
    const { partman } = await database.facts;
    const found = partman && (await observe(database.query.bind(database), name, partman));
    return found && asState(name, found, old);
  },
};

/** Statements that turn the found set into the wanted one. */
export function planPartitionSet(
  next: PartitionSetInputs,
  found: FoundPartitionSet | undefined,
  partman: Partman,
): readonly Statement[] {
  const guarded = next.dropAfter === "slots" ? next.retention : undefined;
  const statements: Statement[] = [];
  if (!found) statements.push(createParent(next, partman));
  if (!found || differs(next, found)) statements.push(configure(next, partman));
  if (!sameInterval(found?.guardedRetention, guarded)) {
    statements.push(guarded === undefined ? unguard(next) : guard(next, guarded));
  }
  if (found?.isForeign) statements.push(takeOver);
  if (found && (found.ahead < next.ahead || !found.maintained || found.isForeign || found.faults?.length)) {
    statements.push(maintain(next, partman));
  }
  return statements;
}

function planDelete(
  name: TableName,
  isGuarded: boolean,
  template: string | undefined,
  partman: Partman,
): readonly Statement[] {
  return [...(isGuarded ? [unguard(name)] : []), ...forget(name, template, partman)];
}

function differs(next: PartitionSetInputs, found: FoundPartitionSet): boolean {
  const retention = next.dropAfter === "retention" ? next.retention : undefined;
  return found.ahead !== next.ahead || !sameInterval(found.retention, retention) || !found.maintained;
}

/** Assumed state, for a preview without a server. */
const usual: Partman = { version: "5", schema: "partman" };

function expectedFrom({ maintenance, dropAfter, retention, ...old }: PartitionSetState): FoundPartitionSet {
  return {
    ...old,
    retention: dropAfter === "retention" ? retention : undefined,
    guardedRetention: dropAfter === "slots" ? retention : undefined,
    maintained: maintenance === "on",
    template: undefined,
  };
}

async function apply({ database }: Context, next: PartitionSetInputs): Promise<PartitionSetState> {
  const partman = await requirePartman(database);
  refuseIfAny(limitsOf(next, partman));
  const look = (read: Reader) => Promise.all([observe(read, next, partman), requirePartitioned(read, next)]);
  return database.change(look, async (client, [found]) => {
    if (found) refuseIfAny(adoptionProblems(next, found));
    const statements = planPartitionSet(next, found, partman);
    if (found) await runStatements(client, statements);
    else await make(client, next, statements, partman);
    const made = await observe(readerOf(client), next, partman);
    if (!made) throw new Error(`pg_partman did not take over ${tableId(next)}`);
    if (made.faults?.length) throw new Problems([incomplete(next, made.faults)]);
    return asState(next, made, next);
  });
}

/** pg_partman skips a partition whose name is taken, without an error. Maintenance checks the bounds and refuses. */
async function make(
  client: Client,
  next: TableName,
  statements: readonly Statement[],
  partman: Partman,
): Promise<void> {
  const { sql, values } = findDefault(next);
  const [partition] = await runAndRead(client, statements, (read) => read<TableName>(sql, values));
  const drop = partition ? [{ sql: `DROP TABLE ${quoteTable(partition)}` }] : [];
  await runStatements(client, [...drop, maintain(next, partman)]);
}

async function observe(read: Reader, name: TableName, partman: Partman): Promise<FoundPartitionSet | undefined> {
  const { sql, values } = readConfig(name, partman);
  const [config] = await read<{
    control: string;
    every: string;
    ahead: number;
    retention: string | null;
    template: string | null;
    maintained: boolean;
  }>(sql, values);
  if (!config) return undefined;
  const [guardedRetention, faults] = await Promise.all([readGuardedRetention(read, name), readFaults(read, name)]);
  return {
    by: config.control,
    every: parseInterval(config.every),
    ahead: config.ahead,
    retention: config.retention === null ? undefined : parseInterval(config.retention),
    guardedRetention,
    maintained: config.maintained,
    template: config.template ?? undefined,
    ...faults,
  };
}

/** Keeps a declared value as written if it means the same as the found one. */
function asState(
  { schema, table }: TableName,
  found: FoundPartitionSet,
  declared: Pick<PartitionSetState, "every" | "retention" | "dropAfter"> | undefined,
): PartitionSetState {
  const keep = <T extends Interval | undefined>(one: T, other: T): T => (sameInterval(one, other) ? one : other);
  const isGuarded = found.guardedRetention !== undefined && found.retention === undefined;
  const actual = isGuarded ? found.guardedRetention : found.retention;
  const retention = keep(declared?.retention, actual);
  const isDropped = actual !== undefined;
  return {
    schema,
    table,
    by: found.by,
    every: keep(declared?.every ?? found.every, found.every),
    ahead: found.ahead,
    ...(retention === undefined ? {} : { retention }),
    dropAfter: isDropped ? (isGuarded ? "slots" : "retention") : (declared?.dropAfter ?? "retention"),
    maintenance: found.maintained && !found.isForeign ? "on" : "off",
    ...(found.faults?.length ? { faults: found.faults } : {}),
  };
}

async function requirePartman(database: Database): Promise<Partman> {
  const { partman } = await database.facts;
  if (partman) return partman;
  throw new Problems([
    {
      what: "pg_partman is not installed in the database",
      fix: "CREATE SCHEMA partman; CREATE EXTENSION pg_partman SCHEMA partman",
    },
  ]);
}

async function requirePartitioned(read: Reader, next: PartitionSetInputs): Promise<void> {
  const [, [key]] = await Promise.all([
    requireTable(read, next),
    read<{ by: string; required: boolean }>(
      `SELECT attname AS by, attnotnull AS required FROM pg_partitioned_table
       JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
       WHERE partrelid = to_regclass($1) AND partstrat = 'r' AND partnatts = 1`,
      [quoteTable(next)],
    ),
  ]);
  if (key?.by !== next.by) throw new Problems([notPartitioned(next, key?.by)]);
  if (!key.required) throw new Problems([keyMayBeNull(next)]);
}

function notPartitioned(next: PartitionSetInputs, by: string | undefined): Problem {
  return {
    what: `${tableId(next)} is not partitioned by ${next.by}`,
    got: by === undefined ? "no partitioning by one column's range" : `PARTITION BY RANGE (${by})`,
    expected: `PARTITION BY RANGE (${next.by})`,
    fix: "write it behind the table's CREATE TABLE; a table that exists has to be made anew and its rows copied",
  };
}

function keyMayBeNull(next: PartitionSetInputs): Problem {
  return {
    what: `${next.by} of ${tableId(next)} may be null, and no partition takes such a row`,
    expected: `${next.by} … NOT NULL`,
    fix: "add NOT NULL to the column, or make it part of the primary key",
  };
}

function incomplete(next: PartitionSetInputs, faults: readonly string[]): Problem {
  return {
    what: `Rows of ${tableId(next)} would be refused, for want of a partition that takes them`,
    got: faults.join("; "),
    expected: `partitions for now, ${next.ahead} before and ${next.ahead} ahead, without a gap`,
    fix: "move away what stands in the place of those partitions, then run again",
  };
}

function adoptionProblems(next: PartitionSetInputs, found: FoundPartitionSet): readonly Problem[] {
  return [
    ...(found.by === next.by ? [] : [keyChanged("by", found, next)]),
    ...(sameInterval(found.every, next.every) ? [] : [keyChanged("every", found, next)]),
  ];
}

function keyChanged(path: "by" | "every", old: Keyed, next: PartitionSetInputs): Problem {
  return {
    what:
      path === "by"
        ? `${tableId(next)} cannot be partitioned by another column: every row would have to move`
        : `The partitions of ${tableId(next)} cannot become longer or shorter: those that exist would overlap with new ones`,
    got: `${path}: ${shown(next[path])}`,
    expected: `${path}: ${shown(old[path])}, as it is now`,
    fix: "set it back; or create a new table that is partitioned so, copy the rows, and declare that",
  };
}

/** What partitions are made by. */
type Keyed = Pick<PartitionSetState, "by" | "every">;

function shown(value: string | Interval): string {
  return typeof value === "string" ? value : formatInterval(value);
}

function nameRefused(next: TableName): Problem {
  return {
    what: "pg_partman keeps no tables whose names have a full stop or an apostrophe",
    got: `${next.schema}, ${next.table}`,
    fix: "name the table and its schema without them",
  };
}

function tooShort(next: PartitionSetInputs): Problem {
  return {
    what: `The partitions of ${tableId(next)} are too short: pg_partman's worker makes new ones once an hour`,
    got: `every: ${formatDuration(next.every)}`,
    expected: "1 hour or more",
    fix: "make the partitions longer",
  };
}

function isShort(every: Duration): boolean {
  return durationMs(every) < durationMs(shortest);
}

function isFar({ every, ahead }: PartitionSetInputs): boolean {
  return durationMs(every) * ahead > durationMs(longestDuration);
}

function tooFar(next: PartitionSetInputs): Problem {
  return {
    what: `The partitions of ${tableId(next)} would reach too far ahead: pg_partman names years by four digits`,
    got: `${next.ahead} partitions of ${formatDuration(next.every)}`,
    expected: `at most ${formatDuration(longestDuration)} ahead`,
    fix: "make fewer ahead, or shorter ones",
  };
}

/** The next retention where it drops rows that the old one keeps, as far as the old one can be counted. */
function shortened(old: Interval | undefined, next: Duration | undefined): Duration | undefined {
  if (!next || !old || "printed" in old) return next;
  return durationMs(next) < durationMs(old) ? next : undefined;
}
