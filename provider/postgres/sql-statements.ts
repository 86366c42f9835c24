import { createHash } from "node:crypto";
import type { Client, QueryConfig } from "pg";
import type { Place, Problem } from "../../common/problem";
import { isServerError, problemsFrom } from "./postgres-connection";

/** One piece of SQL to run. Values travel as parameters wherever PostgreSQL takes them; identifiers are quoted. */
export interface Statement {
  readonly sql: string;
  readonly values?: readonly unknown[];
}

/** A statement that may come from a file. */
export interface PlacedStatement extends Statement {
  /** Position in the file; undefined for the toolkit's own statements. */
  readonly at?: { readonly file: string; readonly line: number };
}

/** Reads rows, on a connection of its own or within a transaction. */
export type Reader = <Row extends object>(sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

export function readerOf(client: Client): Reader {
  return async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(prepared(sql, values))).rows;
}

/** Runs one query after the other, for a connection that takes one at a time. */
export function oneByOne(read: Reader): Reader {
  let last: Promise<unknown> = Promise.resolve();
  return <Row extends object>(sql: string, values?: readonly unknown[]) => {
    const next = last.then(() => read<Row>(sql, values));
    last = next.catch(() => {});
    return next;
  };
}

/**
 * Read that is prepared once a connection: catalog queries are the same for every table, and planning takes longer
 * than running. A query without parameters has a table's name in it and would not be used again.
 */
export function prepared(sql: string, values: readonly unknown[]): QueryConfig {
  const named = values.length > 0 && { name: createHash("sha256").update(sql).digest("base64url") };
  return { ...named, text: sql, values: [...values] };
}

/**
 * Runs the statements in order in a transaction. All are sent at once, and PostgreSQL refuses those behind a failure.
 * @throws Problems that show the failed statement and the place in it
 */
export async function runStatements(client: Client, statements: readonly PlacedStatement[]): Promise<void> {
  const runs = await Promise.allSettled(statements.map((statement) => runStatement(client, statement)));
  const failed = runs.find((run) => run.status === "rejected");
  if (failed) throw failed.reason;
}

/** Runs the statements in a transaction, and then reads, in one round trip. */
export async function runAndRead<Found>(
  client: Client,
  statements: readonly PlacedStatement[],
  look: (read: Reader) => Promise<Found>,
): Promise<Found> {
  const running = runStatements(client, statements);
  const looking = look(readerOf(client));
  // If a statement failed, the read fails too. The statement's error has the reason.
  looking.catch(() => {});
  await running;
  return looking;
}

export async function runStatement(client: Client, statement: PlacedStatement): Promise<void> {
  const { sql, values } = statement;
  try {
    await (values === undefined ? client.query(sql) : client.query(sql, [...values]));
  } catch (error) {
    if (!isServerError(error)) throw error;
    throw problemsFrom(statementProblem(error, statement), error);
  }
}

interface ServerError {
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly where?: string | undefined;
  /** Function of the server that raised the error. */
  readonly routine?: string | undefined;
  /** Characters from the statement's start, from 1. */
  readonly position?: string | undefined;
}

/** Converts an error into a Problem. It never shows parameter values, which may be secrets. */
export function statementProblem(error: ServerError, { sql, at }: PlacedStatement): Problem {
  const got = [error.detail, at ? undefined : `in: ${oneLine(sql)}`, error.where].filter((part) => part !== undefined);
  return {
    what: `PostgreSQL refused: ${error.message}`,
    ...(got.length === 0 ? {} : { got: got.join("; ").replaceAll("\n", " ") }),
    fix:
      (hiddenTable(error) === undefined ? error.hint : boundByPolicies) ??
      (at ? "correct the statement and run again" : (fixes.get(error.code) ?? "see PostgreSQL's message")),
    ...(at ? { at: placeOf(sql, at, error.position) } : {}),
  };
}

/**
 * Name, without schema, of the table whose rows row level security would have hidden. A Citus worker names the shard.
 */
export function hiddenTable({ routine, message }: ServerError): string | undefined {
  if (routine === "check_enable_rls") return /"(.+)"/.exec(message)?.[1];
  return /^query would be affected by row-level security policy for table "(.+)_\d+"$/.exec(message)?.[1];
}

/** Replaces the server's hint, which advises removing FORCE. */
const boundByPolicies =
  "let tenantry's login own the table, and run the statement in a file with a transaction; or let it connect as a superuser, or as a role with BYPASSRLS: row level security binds this one, so the statement would see no tenant's rows";

const fixes = new Map<string | undefined, string>([
  [
    "55P03",
    "run it again when the transaction that holds the lock has ended: SELECT * FROM pg_stat_activity ORDER BY xact_start",
  ],
  ["42501", "grant the privilege to the role that tenantry connects as"],
  ["23503", "correct the rows that refer to nothing, then run again"],
  ["42704", "create what is missing, then run again"],
]);

function placeOf(sql: string, at: { file: string; line: number }, position: string | undefined): Place {
  if (position === undefined) return at;
  // PostgreSQL counts characters, not UTF-16 units.
  const before = [...sql].slice(0, Number(position) - 1).join("");
  const lines = before.split("\n");
  const text = sql.split("\n")[lines.length - 1] ?? "";
  return { file: at.file, line: at.line + lines.length - 1, column: (lines.at(-1)?.length ?? 0) + 1, text };
}

/** The statement on one line, for the preview or an error. */
function oneLine(sql: string): string {
  return sql.replace(/\s+/g, " ").trim();
}
