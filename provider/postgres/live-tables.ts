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
  /** Number as text: some clients read no oids above the range of an integer. */
  readonly oid: string;
  readonly partitioned: boolean;
}

/** Id of a table in Pulumi and `tenantry:allow`: `ecommerce.orders`. */
export function tableId({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}

/** Splits at the first dot, because a schema's name has none. */
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

/** Finds the table. @throws Problems if it is missing: only SQL files create tables, resources never do */
export async function requireTable(read: Reader, name: TableName): Promise<FoundTable> {
  return required(await findTable(read, name), name);
}

/** Returns what was found. @throws Problems if the table is missing */
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

/** Deletes the resource of a table. Rows are dropped only with the stack's opt-in. */
export async function deleteTable(context: Context, name: TableName): Promise<void> {
  const id = tableId(name);
  if (!(await findTable(context.database.query.bind(context.database), name))) return;
  if (!context.allow.has(`drop ${id}`)) {
    if (context.allow.has(`drop ${name.schema}`)) {
      // The schema takes the views over this table with it; DROP TABLE alone would fail because of them.
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

/** Lines of the preview. The opt-in is known only when it acts. */
export function previewDelete(name: TableName): readonly string[] {
  return [
    `-- the table stays with its rows, unless tenantry:allow has "drop ${tableId(name)}":`,
    `DROP TABLE IF EXISTS ${quoteTable(name)}`,
  ];
}

/** True if the table has rows, on any node, that a new constraint must be validated against. */
export async function hasRows(read: Reader, name: TableName): Promise<boolean> {
  // With EXISTS (...) Citus would fetch the whole table from every shard; a SELECT without a column it refuses.
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
