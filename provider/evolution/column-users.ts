import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { quoteQualified } from "../../common/identifier";
import { errorCode } from "../postgres/postgres-connection";
import type { Reader } from "../postgres/sql-statements";
import { syncName } from "./column-sync";

/** Views, policies, functions, triggers and generated columns that need a column which a change drops. */
export async function findDependents(read: Reader, next: SchemaChangeInputs): Promise<readonly string[]> {
  const names = next.drop.map(({ name }) => name);
  if (names.length === 0) return [];
  const table = quoteQualified(next.schema, next.table);
  // Indexes, checks and defaults of the column go with it; pg_depend marks those that need nothing else as automatic.
  const dependents = await read<{ object: string }>(
    `SELECT DISTINCT pg_describe_object(classid, objid, objsubid) AS object
     FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
     WHERE refclassid = 'pg_class'::regclass AND refobjid = to_regclass($1) AND attname = ANY ($2) AND deptype = 'n'
       AND classid <> 'pg_constraint'::regclass ORDER BY 1`,
    [table, names],
  );
  const functions = await read<{ object: string }>(
    `SELECT format('function %s', p.oid::regprocedure) AS object
     FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
     WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'tenantry') AND prosrc ~* $1 AND prosrc ~* $2
       AND NOT (nspname = $3 AND proname = $4)
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
     ORDER BY 1`,
    [anyWord(names), word(next.table), next.schema, syncName(next)],
  );
  return [...dependents, ...functions].map(({ object }) => object);
}

/** A statement of pg_stat_statements that names a dropped column and the table. */
export interface StatementUse {
  readonly id: string;
  readonly calls: string;
  readonly query: string;
}

/**
 * Finds statements that name a dropped column and the table. Undefined without pg_stat_statements, and if the login may
 * not read other roles' statements.
 */
export async function findStatements(
  read: Reader,
  next: SchemaChangeInputs,
): Promise<readonly StatementUse[] | undefined> {
  const [view] = await read<{ name: string }>(
    `SELECT format('%I.pg_stat_statements', nspname) AS name FROM pg_extension
     JOIN pg_namespace n ON n.oid = extnamespace
     WHERE extname = 'pg_stat_statements' AND pg_has_role('pg_read_all_stats', 'USAGE')`,
  );
  if (!view || next.drop.length === 0) return undefined;
  try {
    return await readStatements(read, next, view.name);
  } catch (error) {
    // The extension is there, and the server has not loaded its library.
    if (errorCode(error) === "55000") return undefined;
    throw error;
  }
}

function readStatements(read: Reader, next: SchemaChangeInputs, view: string): Promise<readonly StatementUse[]> {
  return read<StatementUse>(
    `SELECT queryid::text AS id, sum(calls)::text AS calls, min(query) AS query FROM ${view}
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND query ~* '^\\s*(select|insert|update|delete|merge|with|copy)' AND query ~* $1 AND query ~* $2
     GROUP BY queryid ORDER BY 1`,
    [anyWord(next.drop.map(({ name }) => name)), word(next.table)],
  );
}

/** The statements that ran since `before`, by their calls. */
export function ranSince(
  before: Readonly<Record<string, string>>,
  found: readonly StatementUse[],
): readonly StatementUse[] {
  return found.filter(({ id, calls }) => BigInt(calls) > BigInt(before[id] ?? "0"));
}

function anyWord(names: readonly string[]): string {
  return names.map(word).join("|");
}

/** Matches the name as a word, with every sign of it taken literally. */
function word(name: string): string {
  return `(^|\\W)${name.replaceAll(/[^A-Za-z0-9_]/g, (sign) => `\\${sign}`)}($|\\W)`;
}
