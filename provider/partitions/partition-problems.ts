import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { type Duration, durationMs, formatDuration, longestDuration } from "../../common/duration";
import { type Problem, Problems } from "../../common/problem";
import { quoteTable, requireTable, type TableName, tableId } from "../postgres/live-tables";
import type { Reader } from "../postgres/sql-statements";
import { formatInterval, type Interval, sameInterval } from "./interval";
import type { FoundPartitionSet } from "./partition-plan";

/** pg_partman's worker runs once an hour by default: shorter partitions would end before the next one exists. */
const shortest = { count: 1, unit: "hour" } as const;

export async function requirePartitioned(read: Reader, next: PartitionSetInputs): Promise<void> {
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
    fix: "Write it after the table's CREATE TABLE. For an existing table, create a partitioned one, copy the rows and declare that",
  };
}

function keyMayBeNull(next: PartitionSetInputs): Problem {
  return {
    what: `${next.by} of ${tableId(next)} may be null, and no partition accepts a null`,
    expected: `${next.by} … NOT NULL`,
    fix: "Add NOT NULL to the column, or make it part of the primary key",
  };
}

export function incomplete(next: PartitionSetInputs, faults: readonly string[]): Problem {
  return {
    what: `${tableId(next)} lacks partitions, so PostgreSQL would reject rows`,
    got: faults.join("; "),
    expected: `partitions for now, ${next.ahead} before and ${next.ahead} ahead, without a gap`,
    fix: "Rename or detach the tables that occupy the place or the name of those partitions, then run again",
  };
}

export function adoptionProblems(next: PartitionSetInputs, found: FoundPartitionSet): readonly Problem[] {
  return [
    ...(found.by === next.by ? [] : [keyChanged("by", found, next)]),
    ...(sameInterval(found.every, next.every) ? [] : [keyChanged("every", found, next)]),
  ];
}

export function keyChanged(path: "by" | "every", old: Keyed, next: PartitionSetInputs): Problem {
  return {
    what:
      path === "by"
        ? `${tableId(next)} cannot be partitioned by another column: every row would have to move`
        : `The partitions of ${tableId(next)} cannot become longer or shorter: those that exist would overlap with new ones`,
    got: `${path}: ${shown(next[path])}`,
    expected: `${path}: ${shown(old[path])}, as it is now`,
    fix: "Restore the old value; or create a new table with these partitions, copy the rows and declare it",
  };
}

/** The key of a set: its column, and the length of its partitions. */
type Keyed = Pick<FoundPartitionSet, "by" | "every">;

function shown(value: string | Interval): string {
  return typeof value === "string" ? value : formatInterval(value);
}

export function nameRefused(next: TableName): Problem {
  return {
    what: "pg_partman can't maintain a table whose name or schema contains a full stop or an apostrophe",
    got: `${next.schema}, ${next.table}`,
    fix: "Rename the table or its schema",
  };
}

export function tooShort(next: PartitionSetInputs): Problem {
  return {
    what: `The partitions of ${tableId(next)} are too short: pg_partman's worker creates new ones once an hour`,
    got: `every: ${formatDuration(next.every)}`,
    expected: "1 hour or more",
    fix: "Make the partitions longer",
  };
}

export function isShort(every: Duration): boolean {
  return durationMs(every) < durationMs(shortest);
}

export function isFar({ every, ahead }: PartitionSetInputs): boolean {
  return durationMs(every) * ahead > durationMs(longestDuration);
}

export function tooFar(next: PartitionSetInputs): Problem {
  return {
    what: `The partitions of ${tableId(next)} would reach too far ahead: pg_partman names years by four digits`,
    got: `${next.ahead} partitions of ${formatDuration(next.every)}`,
    expected: `at most ${formatDuration(longestDuration)} ahead`,
    fix: "Create fewer partitions ahead, or shorter ones",
  };
}
