import { quoteIdentifier } from "../../common/identifier";
import { quoteTable, type TableName } from "../../provider/postgres/live-tables";
import { canonicalText, type ExportColumn, fits, rowHash } from "./export-column";

/** A table to export. */
export interface ExportTable {
  /** The partition, attached or not. */
  readonly name: TableName;
  readonly columns: readonly ExportColumn[];
  readonly tenantColumn: string;
  /** The column of the row's time. */
  readonly by: string;
}

/** The rows of one tenant, as PostgreSQL counts them. */
interface TenantShare {
  readonly tenant: string;
  readonly rows: number;
  /** Sum of the hashes of its rows' canonical text. */
  readonly checksum: string;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
}

export interface Survey {
  readonly shares: readonly TenantShare[];
  /** Columns with values that have no place in the usual type of a file; they are kept as text. */
  readonly asText: ReadonlySet<string>;
}

/**
 * Settings with which PostgreSQL writes values. On Citus the first sends the others to the workers, which write the text.
 * Where row level security hides rows, reading fails instead of finding none.
 */
export const writingSettings: readonly string[] = [
  "SET LOCAL citus.propagate_set_commands = 'local'",
  "SET LOCAL TimeZone = 'UTC'",
  "SET LOCAL DateStyle = 'ISO'",
  "SET LOCAL IntervalStyle = 'postgres'",
  "SET LOCAL extra_float_digits = 1",
  "SET LOCAL bytea_output = 'hex'",
  "SET LOCAL statement_timeout = 0",
  "SET LOCAL row_security = off",
];

/** Query for a survey of the whole table. */
export function surveySql({ name, columns, tenantColumn, by }: ExportTable): string {
  const tenant = quoteIdentifier(tenantColumn);
  const time = quoteIdentifier(by);
  const conditions = columns.map((column, i) => {
    const condition = fits(column);
    return `${condition ? `coalesce(bool_and(${condition}), true)` : "true"} AS fits_${i}`;
  });
  return `SELECT ${tenant}::text AS tenant, count(*)::text AS rows, sum(${rowHash(columns.map(canonicalText))})::text AS checksum,
  min(${time})::timestamptz::text AS first_time, max(${time})::timestamptz::text AS last_time, ${conditions.join(", ")}
FROM ${quoteTable(name)} GROUP BY ${tenant}`;
}

export type SurveyRow = {
  readonly tenant: string;
  readonly rows: string;
  readonly checksum: string;
  readonly first_time: string | null;
  readonly last_time: string | null;
} & Readonly<Record<`fits_${number}`, boolean>>;

export function toSurvey({ columns }: ExportTable, rows: readonly SurveyRow[]): Survey {
  const unfit = columns.filter((_, i) => rows.some((row) => !row[`fits_${i}`]));
  const shares = rows.map((row) => ({
    tenant: row.tenant,
    rows: Number(row.rows),
    checksum: row.checksum,
    firstTime: row.first_time,
    lastTime: row.last_time,
  }));
  return {
    shares: shares.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1)),
    asText: new Set(unfit.map(({ name }) => name)),
  };
}
