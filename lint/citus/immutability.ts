import type { FuncCall, Node } from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { nodesOf } from "../../architecture/sql/tree";

/** Functions whose value may differ from row to row. */
const volatile = new Set([
  "clock_timestamp",
  "gen_random_uuid",
  "nextval",
  "random",
  "random_normal",
  "setval",
  "timeofday",
  "uuid_generate_v1",
  "uuid_generate_v1mc",
  "uuid_generate_v4",
  "uuidv4",
  "uuidv7",
]);

/** Functions whose value is the same within a statement, but not forever. */
const stable = new Set(["current_setting", "now", "statement_timestamp", "transaction_timestamp"]);

export function callsVolatile(...parts: readonly unknown[]): boolean {
  return nodesOf<FuncCall>(parts, "FuncCall").some(({ funcname }) => volatile.has(lastOf(funcname)));
}

/**
 * True if any part calls a function that is not immutable. The parser has nodes of their own for CURRENT_TIMESTAMP and
 * CURRENT_USER.
 */
export function callsChanging(...parts: readonly unknown[]): boolean {
  if (callsVolatile(...parts) || nodesOf(parts, "SQLValueFunction").length > 0) return true;
  return nodesOf<FuncCall>(parts, "FuncCall").some(({ funcname }) => stable.has(lastOf(funcname)));
}

function lastOf(names: readonly Node[] | undefined): string {
  return strings(names).at(-1) ?? "";
}
