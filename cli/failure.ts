import { Problems } from "../common/problem";

/** The message for a failed command, with the fix if it is known. It has a stack trace only for `DEBUG=tenantry`. */
export function failureText(error: unknown, debug = process.env.DEBUG): string {
  if (error instanceof Problems) return error.message;
  const shown = messageOf(error);
  const fix = fixOf(error);
  const stack = debug?.includes("tenantry") && error instanceof Error ? `\n${error.stack}` : "";
  return `${shown}\n  fix:      ${fix}${stack}`;
}

/** The first of several errors, such as of the attempts at each address of a host. */
function first(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

function messageOf(error: unknown): string {
  const cause = first(error);
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

const fixes: Readonly<Record<string, string>> = {
  EACCES: "Give this account the right to it, or choose another place",
  EEXIST: "Move away what stands there, or choose another place",
  EISDIR: "Name a file, or move the folder away",
  ENOENT: "Name a file or a folder that is there",
  ENOSPC: "Free some disk space",
  ENOTDIR: "Name a place whose folders are there",
  EPERM: "Give this account the right to it, or choose another place",
  EROFS: "Choose a place on a disk that can be written",
  ECONNREFUSED: "Start the server (`tenantry local up`, for the stack `local`), or correct its endpoint",
  ECONNRESET: "Look into the server's log, then run this again",
  ENOTFOUND: "Correct the host in the stack's endpoints",
  ETIMEDOUT: "Look whether the server can be reached from here",
  // PostgreSQL's error codes.
  "28000": "Correct the login in the stack's endpoints, or the server's pg_hba.conf",
  "28P01": "Correct the password in the stack's endpoints, or run `tenantry up`, which sets it",
  "3D000": "Run `tenantry up`, which makes the database",
};

const unknown = "Run it again with DEBUG=tenantry, which shows where it failed, and report that";

function fixOf(error: unknown): string {
  const cause = first(error);
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  return fixes[code] ?? unknown;
}
