import { Problems } from "../../common/problem";
import { isServerError, lossMessage, problemsFrom, type Server, sqlState } from "./postgres-connection";

export const repeatable: ReadonlySet<string | undefined> = new Set([
  sqlState.lockTimeout,
  sqlState.deadlock,
  sqlState.serialization,
]);

/** Converts errors of PostgreSQL and of the connection into Problems; returns other errors unchanged. */
export function describeFailure(error: unknown, server: Server): unknown {
  if (error instanceof Problems) return error;
  if (isServerError(error)) {
    const shutDown = error.code?.startsWith("57P0");
    return problemsFrom(
      {
        what: `PostgreSQL refused: ${error.message}`,
        ...(error.detail === undefined ? {} : { got: error.detail }),
        fix: shutDown ? "start the server and run it again" : (error.hint ?? fixFor(error.code)),
      },
      error,
    );
  }
  if (error instanceof Error && lossMessage.test(error.message)) {
    return problemsFrom(
      {
        what: `The connection to PostgreSQL at ${server.host}:${server.port} broke in the middle of the work`,
        got: error.message,
        fix: "See the server's log, then run again: the next run reads the present state and completes the rest",
      },
      error,
    );
  }
  return error;
}

function fixFor(code: string | undefined): string {
  if (repeatable.has(code)) {
    return "run it again when the transaction that holds the lock has ended: SELECT * FROM pg_stat_activity ORDER BY xact_start";
  }
  return code === "42501" ? "grant the privilege to the role that tenantry connects as" : "see PostgreSQL's message";
}

export function messageOf(error: unknown): string {
  return error instanceof Problems
    ? (error.problems[0]?.what ?? "")
    : error instanceof Error
      ? error.message
      : String(error);
}
