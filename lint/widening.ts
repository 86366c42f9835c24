import type { Column } from "../architecture/catalog/catalog";

type Type = Pick<Column, "type" | "modifiers">;

/** Types whose first modifier is a limit. A larger limit, or none, accepts every stored value unchanged. */
const limited = new Set(["varchar", "varbit", "time", "timetz", "timestamp", "timestamptz"]);
const sameBytes = new Map([
  ["varchar", "text"],
  ["text", "varchar"],
  ["cidr", "inet"],
  ["xml", "text"],
]);

/** True if both types store every value alike, so that PostgreSQL rewrites nothing. */
export function isWidening(from: Type, to: Type): boolean {
  if (from.type !== to.type) return sameBytes.get(from.type) === to.type && to.modifiers.length === 0;
  const [before, after] = [from.modifiers, to.modifiers];
  if (after.length === 0) return limited.has(from.type) || from.type === "numeric" || before.length === 0;
  if (limited.has(from.type)) return before.length > 0 && (after[0] ?? 0) >= (before[0] ?? 0);
  // Only the precision of numeric(precision, scale) may grow.
  return from.type === "numeric" && before.length > 0 && (after[0] ?? 0) >= (before[0] ?? 0) && before[1] === after[1];
}
