import type { Client } from "pg";
import type { WarmForm } from "../../architecture/application";
import { quoteTable, type TableName } from "../../provider/postgres/live-tables";
import type { Reader } from "../../provider/postgres/sql-statements";

/** A partition of a tiered table, as the catalogs have it. */
export interface LivePartition extends TableName {
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** The index of its primary key, by which its rows are ordered. */
  readonly key: string | null;
  readonly isColumnar: boolean;
  /** Its tablespace; null for the database's own. */
  readonly tablespace: string | null;
  readonly isClosed: boolean;
  /** The form that a conversion recorded; null if there was none, or another partition had the place. */
  readonly form: string | null;
  readonly isVacuumed: boolean;
}

/** What the forms need beside the partitions. */
export interface WarmServer {
  /** `available`: Citus is there, and its extension for columns can be created. */
  readonly columnar: "installed" | "available" | "missing";
  readonly isDistributed: boolean;
  readonly tablespaces: readonly string[];
  /** Publications with the table, or with one of its partitions. */
  readonly publications: readonly string[];
  /** Foreign keys of the table, and of others to it. */
  readonly foreignKeys: readonly string[];
}

/** Text of a form, as it is recorded. */
export function formName(form: WarmForm): string {
  return typeof form === "string" ? form : `tablespace ${form.tablespace}`;
}

export async function readPartitions(read: Reader, table: TableName): Promise<readonly LivePartition[]> {
  return read<LivePartition>(
    `SELECT nspname AS schema, c.relname AS table, lower(period) AS "startsAt", upper(period) AS "endsAt",
       (SELECT i.relname FROM pg_index JOIN pg_class i ON i.oid = indexrelid WHERE indrelid = c.oid AND indisprimary) AS key,
       coalesce(amname = 'columnar', false) AS "isColumnar", spcname AS tablespace,
       EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND conname = 'partition_is_closed') AS "isClosed",
       warm.form, warm.vacuumed_at IS NOT NULL AS "isVacuumed"
     FROM tenantry.partition_periods($1::regclass) JOIN pg_class c ON c.oid = partition
     JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam
     LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
     LEFT JOIN tenantry.warm_partition warm
       ON schema_name = $2 AND table_name = $3 AND starts_at = lower(period) AND partition_name = c.relname
     WHERE c.relkind = 'r' AND NOT lower_inf(period) AND NOT upper_inf(period) ORDER BY lower(period)`,
    [quoteTable(table), table.schema, table.table],
  );
}

export async function readServer(read: Reader, table: TableName): Promise<WarmServer> {
  const [citus] = await read<{ installed: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS installed",
  );
  const distributed = citus?.installed
    ? "EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = $1::regclass)"
    : "false";
  const [found] = await read<WarmServer>(
    `WITH family AS (SELECT relid::oid FROM pg_partition_tree($1::regclass) UNION SELECT $1::regclass::oid)
     SELECT CASE WHEN EXISTS (SELECT FROM pg_am WHERE amname = 'columnar') THEN 'installed'
         WHEN $2 AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus_columnar') THEN 'available'
         ELSE 'missing' END AS columnar, ${distributed} AS "isDistributed",
       ARRAY(SELECT spcname::text FROM pg_tablespace) AS tablespaces,
       ARRAY(SELECT pubname::text FROM pg_publication p WHERE puballtables
         OR EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = p.oid AND prrelid IN (SELECT relid FROM family))
         OR EXISTS (SELECT FROM pg_publication_namespace JOIN pg_class ON relnamespace = pnnspid
           WHERE pnpubid = p.oid AND pg_class.oid IN (SELECT relid FROM family)) ORDER BY 1) AS publications,
       ARRAY(SELECT DISTINCT conname::text FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
         AND (conrelid IN (SELECT relid FROM family) OR confrelid IN (SELECT relid FROM family)) ORDER BY 1) AS "foreignKeys"`,
    [quoteTable(table), citus?.installed],
  );
  if (!found) throw new Error("the server did not answer a question about its catalogs");
  return found;
}

/** The partitions of a table that are columnar. */
export async function readColumnar(client: Client, table: TableName): Promise<readonly TableName[]> {
  const { rows } = await client.query<TableName>(
    `SELECT nspname AS schema, relname AS table FROM pg_partition_tree(to_regclass($1)) JOIN pg_class c ON c.oid = relid
     JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_am a ON a.oid = relam WHERE amname = 'columnar' ORDER BY 1, 2`,
    [quoteTable(table)],
  );
  return rows;
}

/** SQL expression of a relation's size, with its indexes and on all nodes. */
export function sizeOf({ isDistributed }: Pick<WarmServer, "isDistributed">): string {
  return isDistributed ? "citus_total_relation_size($1::regclass)" : "pg_total_relation_size($1::regclass)";
}
