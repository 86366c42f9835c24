import { quoteQualified } from "../../common/identifier";
import type { Problem } from "../../common/problem";
import { Problems } from "../../common/problem";
import type { Context } from "../protocol/resource-context";
import type { Reader } from "./sql-statements";

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

export interface FoundTable {
  /** As a number in text: oids exceed what some clients take for an integer. */
  readonly oid: string;
  readonly partitioned: boolean;
}

/** The id under which Pulumi and `tenantry:allow` know a table: `ecommerce.orders`. */
export function tableId({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}

/** The first dot parts schema and table, so a schema's name has none. */
export function parseTableId(id: string): TableName {
  const dot = id.indexOf(".");
  return { schema: id.slice(0, dot), table: id.slice(dot + 1) };
}

export function quoteTable({ schema, table }: TableName): string {
  return quoteQualified(schema, table);
}

export async function findTable(read: Reader, { schema, table }: TableName): Promise<FoundTable | undefined> {
  const [found] = await read<FoundTable>(
    `SELECT c.oid::text AS oid, c.relkind = 'p' AS partitioned FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = $1 AND relname = $2 AND relkind IN ('r', 'p')`,
    [schema, table],
  );
  return found;
}

/** The table, or a Problem: the SQL files create tables, resources never do. */
export async function requireTable(read: Reader, name: TableName): Promise<FoundTable> {
  return required(await findTable(read, name), name);
}

/** What was found of a table, or the same Problem. */
export function required<Found>(found: Found | undefined, name: TableName): Found {
  if (found !== undefined) return found;
  throw new Problems([tableMissing(name)]);
}

function tableMissing(name: TableName): Problem {
  return {
    what: `There is no table ${tableId(name)} in the database`,
    fix:
      `create it in a SQL file of the application; if it was dropped by hand, bring it back with a new file, ` +
      `or forget the file that made it (DELETE FROM tenantry.migrations WHERE path = '...') so that it runs again`,
  };
}

/** What deleting the resource of a table does: rows go only where the stack says so. */
export async function deleteTable(context: Context, name: TableName): Promise<void> {
  const id = tableId(name);
  if (!(await findTable(context.database.query.bind(context.database), name))) return;
  if (!context.allow.has(`drop ${id}`)) {
    if (context.allow.has(`drop ${name.schema}`)) {
      // With the views over it, which a table alone could not leave.
      context.log(`${id} is left to its schema, which may be dropped`);
      return;
    }
    context.warn(
      `${id} stays in the database with its rows; to drop it, add \`drop ${id}\` to tenantry:allow beforehand`,
    );
    return;
  }
  // tenantry:allow drop-table Only after the stack's opt-in above
  await context.database.transaction((client) => client.query(`DROP TABLE IF EXISTS ${quoteTable(name)}`));
  context.log(`dropped ${id} with its rows`);
}

/** The lines that a preview shows for it; whether the opt-in is given is known when it acts. */
export function previewDelete(name: TableName): readonly string[] {
  return [
    `-- the table stays with its rows, unless tenantry:allow has "drop ${tableId(name)}":`,
    `DROP TABLE IF EXISTS ${quoteTable(name)}`,
  ];
}

/** Whether there is anything that a new constraint would have to be held against, wherever Citus keeps it. */
export async function hasRows(read: Reader, name: TableName): Promise<boolean> {
  // As EXISTS (...), Citus would fetch the whole table from every shard; without a column, it refuses.
  const rows = await read(`SELECT 1 FROM ${quoteTable(name)} LIMIT 1`);
  return rows.length > 0;
}

/** The first column of the primary key: by the architecture's rules, a tenant table's tenant column. */
export async function primaryKeyStart(read: Reader, tableOid: string): Promise<string> {
  const [row] = await read<{ column: string }>(
    `SELECT attname AS column FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
     WHERE indrelid = $1::oid AND indisprimary`,
    [tableOid],
  );
  return row?.column ?? "tenant_id";
}
