import { type Problem, Problems } from "../../common/problem";
import { isConnectionLoss } from "../../provider/postgres/postgres-connection";
import { StoreError } from "../../store/errors";

/** A request that can't be served: with what the tenant reads, and what the operator reads. */
export class RetrievalFailure extends Problems {
  constructor(
    /** In words for the tenant: it names no file and no server. */
    readonly reason: string,
    problem: Problem,
  ) {
    super([problem]);
  }
}

/** A request that a tenant may not make: both read the same. */
export function refused(reason: string, fix: string): RetrievalFailure {
  return new RetrievalFailure(reason, { what: reason, fix });
}

/** Contents of the store that are not what the catalog says. */
export function damaged(what: string, place: string, got: string, expected: string): RetrievalFailure {
  return new RetrievalFailure(unreadable, {
    what: `${what}: ${place}`,
    got,
    expected,
    fix: "restore the object from a backup or an older version of the store; the tenant can then ask again",
  });
}

const unreadable = "the stored data could not be read; the operator has to look at it";

/**
 * The failure of a request, for an error of its work.
 *
 * @throws the error if it is no fault of the request, such as a lost connection: another worker goes on with it
 */
export function failureOf(error: unknown): RetrievalFailure {
  if (error instanceof RetrievalFailure) return error;
  if (error instanceof StoreError) return new RetrievalFailure(unreadable, error.problem);
  if (isConnectionLoss(error)) throw error;
  if (error instanceof Problems && error.problems[0]) return new RetrievalFailure(unrestored, error.problems[0]);
  return new RetrievalFailure(unrestored, {
    what: `The rows could not be restored: ${error instanceof Error ? error.message : String(error)}`,
    fix: "see the worker's log, then let the tenant ask again",
  });
}

const unrestored = "the rows could not be restored; the operator has to look at it";
