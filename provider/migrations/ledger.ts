import { createHash } from "node:crypto";
import type { Client } from "pg";
import type { SqlStatement } from "../../architecture/sql/sql-file";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import type { Reader, Statement } from "../postgres/sql-statements";

/** Entry of one SQL file in the ledger. */
export interface LedgerEntry {
  readonly path: string;
  readonly hash: string;
  /** Number of committed statements from the file's start. */
  readonly done: number;
  /** Hash of the committed statements, which may not change while the file is incomplete. */
  readonly done_hash: string;
  /** True if the next statement was started outside a transaction, and its outcome is unknown. */
  readonly in_doubt: boolean;
  /** True if all statements have committed. */
  readonly complete: boolean;
}

/**
 * Creates the ledger, unless it exists. Runs under the lock. It grants nothing, because the ledger is the toolkit's
 * own.
 */
export const makeLedger: readonly Statement[] = [
  { sql: "CREATE SCHEMA IF NOT EXISTS tenantry" },
  {
    sql: `CREATE TABLE IF NOT EXISTS tenantry.migrations (
  path text PRIMARY KEY,
  hash text NOT NULL,
  statements_done integer NOT NULL,
  done_hash text NOT NULL,
  in_doubt boolean NOT NULL DEFAULT false,
  complete boolean NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by name NOT NULL DEFAULT session_user
)`,
  },
];

const columns = "path, hash, statements_done AS done, done_hash, in_doubt, complete";

export async function readEntry(read: Reader, path: string): Promise<LedgerEntry | undefined> {
  return first(read, `SELECT ${columns} FROM tenantry.migrations WHERE path = $1`, path);
}

/** Finds a file with the same content that was completely applied under another path. */
export async function findSameContent(read: Reader, hash: string, path: string): Promise<LedgerEntry | undefined> {
  const others = "FROM tenantry.migrations WHERE hash = $1 AND path <> $2 AND complete ORDER BY applied_at LIMIT 1";
  return first(read, `SELECT ${columns} ${others}`, hash, path);
}

/** A database without a ledger has no applied files. */
async function first(read: Reader, sql: string, ...values: string[]): Promise<LedgerEntry | undefined> {
  try {
    return (await read<LedgerEntry>(sql, values))[0];
  } catch (error) {
    if (errorCode(error) === sqlState.undefinedTable || errorCode(error) === sqlState.undefinedSchema) return undefined;
    throw error;
  }
}

export function writeEntry(entry: LedgerEntry): Statement {
  return {
    sql: `INSERT INTO tenantry.migrations (path, hash, statements_done, done_hash, in_doubt, complete) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (path) DO UPDATE SET hash = excluded.hash, statements_done = excluded.statements_done,
       done_hash = excluded.done_hash, in_doubt = excluded.in_doubt, complete = excluded.complete, applied_at = now(), applied_by = session_user`,
    values: [entry.path, entry.hash, entry.done, entry.done_hash, entry.in_doubt, entry.complete],
  };
}

export async function forgetEntry(client: Client, path: string): Promise<void> {
  await client.query("DELETE FROM tenantry.migrations WHERE path = $1", [path]);
}

/** Hashes only the statements, so that comments may change while a file is being corrected. */
export function hashStatements(statements: readonly SqlStatement[]): string {
  return createHash("sha256")
    .update(JSON.stringify(statements.map(({ sql }) => sql)))
    .digest("hex");
}
