/** Calls `visit` for every node of PostgreSQL's parse tree below a value, with its kind: `SelectStmt`, `FuncCall`. */
export function walk(value: unknown, visit: (kind: string, node: object) => void): void {
  if (typeof value !== "object" || value === null) return;
  // The most visited lines of lint: no list of entries is made, and no value without parts is entered.
  for (const key in value) {
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof inner !== "object" || inner === null) continue;
    if (isKind(key)) visit(key, inner);
    walk(inner, visit);
  }
}

/** Fields of a node are written in lower case. */
function isKind(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 65 && first <= 90;
}

/** All nodes of one kind below a value. `T` is the kind's interface in libpg-query. */
export function nodesOf<T>(value: unknown, kind: string): T[] {
  const found: T[] = [];
  walk(value, (each, node) => {
    if (each === kind) found.push(node as T);
  });
  return found;
}
