import { quoteIdentifier } from "../../common/identifier";
import { quoteTable, type TableName } from "./live-tables";
import type { Reader, Statement } from "./sql-statements";

/** Wanted publication: inserts only, partitions under their root's name, and only these columns. */
export interface Publication {
  readonly name: string;
  readonly table: TableName;
  readonly columns: readonly string[];
  /** True if it may have other tables: tenants' outboxes share one publication. @default false */
  readonly isShared?: boolean;
}

export interface FoundPublication {
  /**
   * Published columns of the table; none if not every row is published; undefined if the publication lacks the table.
   */
  readonly columns: readonly string[] | undefined;
  /** True if it publishes inserts only, partitions under their root's name, and no other table unless it is shared. */
  readonly asDeclared: boolean;
}

const settings = "publish = 'insert', publish_via_partition_root = true";

/** Statements that turn the found publication into the wanted one. It changes in place, so slots read on. */
export function planPublication(wanted: Publication, found: FoundPublication | undefined): readonly Statement[] {
  const name = quoteIdentifier(wanted.name);
  const columns = wanted.columns.map(quoteIdentifier).join(", ");
  const table = `TABLE ${quoteTable(wanted.table)} (${columns})`;
  if (!found) return [{ sql: `CREATE PUBLICATION ${name} FOR ${table}\nWITH (${settings})` }];
  if (found.asDeclared && sameColumns(found.columns, wanted.columns)) return [];
  if (wanted.isShared) {
    // The others stay as they are.
    return [
      ...(found.asDeclared ? [] : [{ sql: `ALTER PUBLICATION ${name} SET (${settings})` }]),
      ...(found.columns ? [{ sql: `ALTER PUBLICATION ${name} DROP TABLE ${quoteTable(wanted.table)}` }] : []),
      { sql: `ALTER PUBLICATION ${name} ADD ${table}` },
    ];
  }
  return [{ sql: `ALTER PUBLICATION ${name} SET (${settings})` }, { sql: `ALTER PUBLICATION ${name} SET ${table}` }];
}

/** Columns in the table's order, whatever the list says. */
export function sameColumns(one: readonly string[] | undefined, other: readonly string[]): boolean {
  return one !== undefined && one.length === other.length && other.every((column) => one.includes(column));
}

export async function readPublication(
  read: Reader,
  { name, table, isShared = false }: Pick<Publication, "name" | "table" | "isShared">,
): Promise<FoundPublication | undefined> {
  const [found] = await read<{ columns: string[] | null; as_declared: boolean }>(
    `SELECT
       pubinsert AND NOT (pubupdate OR pubdelete OR pubtruncate OR puballtables) AND pubviaroot
         AND ($3 OR NOT EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid AND prrelid <> $2::regclass))
         AND NOT EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = p.oid) AS as_declared,
       (SELECT ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = prrelid AND attnum > 0 AND NOT attisdropped
           AND (prattrs IS NULL OR attnum = ANY (prattrs::int2[])) AND prqual IS NULL ORDER BY attnum)
         FROM pg_publication_rel WHERE prpubid = p.oid AND prrelid = $2::regclass) AS columns
     FROM pg_publication p WHERE pubname = $1`,
    [name, quoteTable(table), isShared],
  );
  return found && { columns: found.columns ?? undefined, asDeclared: found.as_declared };
}
