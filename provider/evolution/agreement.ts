import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Problem } from "../../common/problem";
import type { Reader } from "../postgres/sql-statements";
import { readerOf } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { unfilled } from "./backfill";
import { isBound, listTenants } from "./change-tenants";

/** Rows in which the old and the new columns disagree, and the key of one of them. */
export interface Disagreement {
  readonly rows: number;
  readonly example?: string;
}

/** Counts the rows whose old columns are not what the new ones give, and those whose new columns are not filled. */
export async function countDisagreements(context: Context, next: SchemaChangeInputs): Promise<Disagreement> {
  const { database, signal } = context;
  const read: Reader = database.query.bind(database);
  const { tenant } = next;
  if (!tenant || !(await isBound(read))) return count(read, next);
  let found: Disagreement = { rows: 0 };
  for (const value of await listTenants(context, tenant)) {
    signal.throwIfAborted();
    const own = await database.transaction(async (client) => {
      await client.query("SELECT tenantry.set_tenant($1)", [value]);
      return count(readerOf(client), next);
    });
    found = { ...own, ...found, rows: found.rows + own.rows };
  }
  return found;
}

async function count(read: Reader, next: SchemaChangeInputs): Promise<Disagreement> {
  const { schema, table, key, add, drop } = next;
  const differs = drop.map(({ name, value }) => `${quoteIdentifier(name)} IS DISTINCT FROM ${value}`);
  const wrong = [...(add.length > 0 ? [`(${unfilled(next)})`] : []), ...differs].join(" OR ");
  const shown = key.map((column) => `${quoteIdentifier(column)}::text`).join(` || ', ' || `);
  const [row] = await read<{ rows: string; example: string | null }>(
    `SELECT count(*)::text AS rows, min(${shown}) AS example FROM ${quoteQualified(schema, table)} WHERE ${wrong}`,
  );
  const rows = Number(row?.rows ?? 0);
  return rows > 0 && row?.example != null ? { rows, example: row.example } : { rows };
}

/** The readers may not switch while the sides disagree. */
export function disagreementProblem(next: SchemaChangeInputs, { rows, example }: Disagreement): Problem {
  const columns = [...next.drop, ...next.add].map(({ name }) => name).join(", ");
  return {
    what: `In ${rows} row(s) of ${next.schema}.${next.table} the old and the new columns disagree`,
    got: `${columns}${example === undefined ? "" : `; for example where (${next.key.join(", ")}) = (${example})`}`,
    expected: "old columns that are exactly what the expressions make of the new ones, in every row",
    fix: `correct those rows; or take the change back to \`expand\`, correct its expressions in ${next.path}, and go on`,
  };
}
