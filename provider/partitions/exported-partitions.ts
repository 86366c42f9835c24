import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { type Duration, formatDuration } from "../../common/duration";
import { quoteLiteral } from "../../common/identifier";
import { quoteTable, type TableName } from "../postgres/live-tables";
import type { Reader, Statement } from "../postgres/sql-statements";
import { type Interval, parseInterval, sameInterval } from "./interval";

/** Ages at which a set's partitions move to the store, and are deleted there. */
export interface ExportAges<Age = Interval> {
  readonly exportAfter: Age;
  readonly retention: Age;
}

/** Ages of a set that is exported; undefined for any other. */
export function exportAgesOf<Age>({
  dropAfter,
  exportAfter,
  retention,
}: {
  readonly dropAfter: PartitionSetInputs["dropAfter"];
  readonly exportAfter?: Age;
  readonly retention?: Age;
}): ExportAges<Age> | undefined {
  return dropAfter === "export" && exportAfter && retention ? { exportAfter, retention } : undefined;
}

/** Leaves the set's old partitions to `tenantry lifecycle run`. */
export function exportLater(name: TableName, { exportAfter, retention }: ExportAges<Duration>): Statement {
  return {
    sql: `INSERT INTO tenantry.exported_partition_set (parent, export_after, retention)
VALUES (${regclass(name)}, ${quoteLiteral(formatDuration(exportAfter))}, ${quoteLiteral(formatDuration(retention))})
ON CONFLICT (parent) DO UPDATE SET export_after = excluded.export_after, retention = excluded.retention`,
  };
}

/** Ends that. The partitions stay, and so do the files of those that moved. */
export function exportNoMore(name: TableName): Statement {
  return { sql: `DELETE FROM tenantry.exported_partition_set WHERE parent = to_regclass(${regclass(name)})` };
}

/** Ages of the set; undefined if it is not exported, or the database lacks the toolkit. */
export async function readExportAges(read: Reader, name: TableName): Promise<ExportAges | undefined> {
  const [base] = await read<{ there: boolean }>(
    "SELECT to_regclass('tenantry.exported_partition_set') IS NOT NULL AS there",
  );
  if (!base?.there) return undefined;
  const [found] = await read<{ after: string; retention: string }>(
    `SELECT export_after::text AS after, retention::text AS retention FROM tenantry.exported_partition_set
     WHERE parent = to_regclass($1)`,
    [quoteTable(name)],
  );
  return found && { exportAfter: parseInterval(found.after), retention: parseInterval(found.retention) };
}

export function sameAges(one: ExportAges | undefined, other: ExportAges | undefined): boolean {
  return sameInterval(one?.exportAfter, other?.exportAfter) && sameInterval(one?.retention, other?.retention);
}

function regclass(name: TableName): string {
  return quoteLiteral(quoteTable(name));
}
