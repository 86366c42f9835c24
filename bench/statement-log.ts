import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { Client } from "pg";
import { quoteIdentifier } from "../common/identifier";

/** Makes the server log every statement of later sessions in the database. */
export async function logStatements(client: Client, database: string): Promise<void> {
  await client.query(`ALTER DATABASE ${quoteIdentifier(database)} SET log_statement = 'all'`);
}

/** The present length of the log in bytes. */
export function logEnd(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

export function readLog(path: string, from: number): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, logEnd(path) - from));
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}

/**
 * Seconds from the first statement that changes something in the database to the last, by the times in the log's `%m` prefix.
 * The toolkit's queries before that don't count: it needs them only because it can be run again.
 */
export function secondsOfChanges(log: string, database: string): number {
  const line =
    /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] \S+@(\S+) LOG: {2}(?:statement|execute [^:]*): (.*)$/gm;
  const changes = /^\s*(CREATE|ALTER|INSERT|UPDATE|DELETE|GRANT|DO|SELECT "?\w+"?\.create_parent|COMMIT)/i;
  const times = [...log.matchAll(line)]
    .filter(([, , where, statement = ""]) => where === database && changes.test(statement))
    .map(([, time = ""]) => Date.parse(`${time.replace(" ", "T")}Z`));
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) throw new Error("The server's log has no statement that changes");
  return (last - first) / 1_000;
}
