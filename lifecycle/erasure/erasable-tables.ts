import type { TableName } from "../../provider/postgres/live-tables";
import type { Reader } from "../../provider/postgres/sql-statements";

/** A table with rows of tenants, as the database has it: also one that holds restored rows, or a detached partition. */
export interface ErasableTable extends TableName {
  /** The column of the tenant. */
  readonly tenantColumn: string;
  /** Types of its columns by their names. */
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * Finds every table with the tenant column in the schemas, and sorts them: each before those that its foreign keys refer
 * to. Partitions are left out, because their table has their rows, too.
 */
export async function readErasableTables(
  read: Reader,
  schemas: readonly string[],
  tenantColumn: string,
): Promise<readonly ErasableTable[]> {
  const tables = await read<ErasableTable & { oid: string }>(
    `SELECT c.oid::text AS oid, nspname AS schema, relname AS table, $2::text AS "tenantColumn",
       (SELECT jsonb_object_agg(attname, format_type(atttypid, atttypmod)) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = ANY ($1) AND relkind IN ('r', 'p') AND NOT relispartition
       AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = $2::text AND NOT attisdropped)
     ORDER BY nspname, relname`,
    [schemas, tenantColumn],
  );
  const keys = await read<{ from: string; to: string }>(
    "SELECT conrelid::oid::text AS from, confrelid::oid::text AS to FROM pg_constraint WHERE contype = 'f'",
  );
  const sorted = new Set<(typeof tables)[number]>();
  const place = (table: (typeof tables)[number], path: readonly string[]) => {
    if (sorted.has(table) || path.includes(table.oid)) return;
    for (const { from } of keys.filter(({ to }) => to === table.oid)) {
      const child = tables.find(({ oid }) => oid === from);
      if (child) place(child, [...path, table.oid]);
    }
    sorted.add(table);
  };
  for (const table of tables) place(table, []);
  return [...sorted].map(({ oid: _, ...table }) => table);
}
