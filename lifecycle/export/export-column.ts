import { quoteIdentifier } from "../../common/identifier";
import { quoteTable, type TableName } from "../../provider/postgres/live-tables";
import type { Reader } from "../../provider/postgres/sql-statements";

/** A column with its type, as PostgreSQL has it. */
export interface ExportColumn {
  readonly name: string;
  /** The type with its modifiers: `numeric(12,2)`, or a domain. */
  readonly type: string;
  /** The base type's name in PostgreSQL's catalog, behind domains; `other` outside of pg_catalog. */
  readonly base: string;
  /** The base type as SQL with its modifiers. */
  readonly baseType: string;
  readonly generated: boolean;
}

/** A column of a cold file, as manifests and the catalog have it. */
export interface FileColumn extends ExportColumn {
  /** The type in the file, in DuckDB's words: `DECIMAL(12,2)`. `VARCHAR` holds the text that PostgreSQL writes and reads. */
  readonly stored: string;
}

/** Types that a file has, too. Every other type is kept as the text that PostgreSQL writes. */
const typed: Readonly<Record<string, string>> = {
  bool: "BOOLEAN",
  int2: "SMALLINT",
  int4: "INTEGER",
  int8: "BIGINT",
  float4: "FLOAT",
  float8: "DOUBLE",
  date: "DATE",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMPTZ",
  uuid: "UUID",
  bytea: "BLOB",
};

/** The type in a file that holds every usual value of the column; `VARCHAR` where there is none. */
export function storedType({ base, baseType }: ExportColumn): string {
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(baseType) ?? [];
  // Decimals of more digits become doubles in most readers, and those without a precision in all.
  if (precision && Number(precision) <= 38 && Number(scale) <= Number(precision))
    return `DECIMAL(${precision},${scale})`;
  return typed[base] ?? "VARCHAR";
}

/**
 * Condition in PostgreSQL that is true where a value is kept by `storedType`; undefined if each is. Files have no
 * infinity, and their readers know the years 1 to 9999 alone.
 */
export function fits(column: ExportColumn): string | undefined {
  const name = quoteIdentifier(column.name);
  if (storedType(column).startsWith("DECIMAL")) return `${name} <> 'NaN'`;
  switch (column.base) {
    case "date":
      return `${name} BETWEEN '0001-01-01' AND '9999-12-31'`;
    case "timestamp":
      return `${name} >= '0001-01-01' AND ${name} < '10000-01-01'`;
    case "timestamptz":
      return `${name} >= '0001-01-01 00:00:00+00' AND ${name} < '10000-01-01 00:00:00+00'`;
    default:
      return undefined;
  }
}

/** Expression in PostgreSQL of the value that the file keeps. */
export function exportedValue(column: ExportColumn, stored: string): string {
  const name = quoteIdentifier(column.name);
  if (stored !== "VARCHAR") return column.baseType === column.type ? name : `${name}::${column.baseType}`;
  return column.base === "text" || column.base === "varchar" ? `${name}::text` : written(column);
}

/** The text that PostgreSQL's output function writes. A cast to text may be somebody's own, and cuts the blanks of char(n). */
function written({ name }: ExportColumn): string {
  const column = quoteIdentifier(name);
  return `CASE WHEN ${column} IS NOT NULL THEN format('%s', ${column}) END`;
}

/** Types whose text is short and has no separator. The text of every other type is hashed by itself. */
const plain = new Set(["bool", "int2", "int4", "int8", "numeric", "date", "timestamp", "timestamptz", "uuid"]);

/** Expression in PostgreSQL of a column's share in the canonical text of a row. */
export function canonicalText(column: ExportColumn): string {
  const name = quoteIdentifier(column.name);
  if (plain.has(column.base)) return `${name}::${column.baseType}::text`;
  // The bits of a float: programs agree on its digits only by chance.
  if (column.base === "float4") return `('x' || encode(float4send(${name}), 'hex'))::bit(32)::text`;
  if (column.base === "float8") return `('x' || encode(float8send(${name}), 'hex'))::bit(64)::text`;
  if (column.base === "bytea") return `md5(${name})`;
  return `md5(${exportedValue(column, "VARCHAR")})`;
}

/** The same in DuckDB, of a file's column. */
export function canonicalTextOfFile({ name, base }: FileColumn): string {
  const column = quoteIdentifier(name);
  if (base === "float4" || base === "float8") return `${column}::BIT::VARCHAR`;
  return plain.has(base) ? `${column}::VARCHAR` : `md5(${column})`;
}

/**
 * Expression of 60 bits of the hash of a row's canonical text. Their sum over rows depends on every value, and not on
 * the order of the rows.
 */
export function rowHash(columns: readonly string[]): string {
  return `('x' || substr(md5(${joined(columns)}), 1, 15))::bit(60)::bigint`;
}

/** The same in DuckDB. */
export function rowHashOfFile(columns: readonly string[]): string {
  return `('0x' || substr(md5(${joined(columns)}), 1, 15))::BIGINT`;
}

/** A function takes at most 100 arguments. */
const columnsAtOnce = 40;

function joined(columns: readonly string[]): string {
  const chunks = [];
  for (let at = 0; at < columns.length; at += columnsAtOnce) {
    const chunk = columns.slice(at, at + columnsAtOnce).flatMap((text) => [`coalesce(${text}, '~')`, "'|'"]);
    chunks.push(`concat(${chunk.join(", ")})`);
  }
  return chunks.length === 1 ? (chunks[0] ?? "''") : `concat(${chunks.join(", ")})`;
}

/** Reads the columns of a table, in its order. */
export async function readExportColumns(read: Reader, table: TableName): Promise<readonly ExportColumn[]> {
  return read<ExportColumn>(
    `WITH RECURSIVE resolved AS (
       SELECT attnum, attname, atttypid, atttypmod, attgenerated <> '' AS generated, atttypid AS typid, atttypmod AS typmod
       FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
       UNION ALL
       SELECT attnum, attname, atttypid, atttypmod, generated, typbasetype,
         CASE WHEN typtypmod = -1 THEN typmod ELSE typtypmod END
       FROM resolved JOIN pg_type ON pg_type.oid = typid WHERE typtype = 'd'
     )
     SELECT attname AS name, format_type(atttypid, atttypmod) AS type, generated,
       CASE WHEN typnamespace = 'pg_catalog'::regnamespace THEN typname ELSE 'other' END AS base,
       format_type(typid, typmod) AS "baseType"
     FROM resolved JOIN pg_type ON pg_type.oid = typid WHERE typtype <> 'd' ORDER BY attnum`,
    [quoteTable(table)],
  );
}
