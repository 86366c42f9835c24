/** Calls `visit` for every node of PostgreSQL's parse tree below a value, with its kind: `SelectStmt`, `FuncCall`. */
export function walk(value: unknown, visit: (kind: string, node: object) => void): void {
  if (typeof value !== "object" || value === null) return;
  // Lint spends most of its time in this loop, so it allocates no list of entries and skips values without parts.
  for (const key in value) {
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof inner !== "object" || inner === null) continue;
    if (isKind(key)) visit(key, inner);
    walk(inner, visit);
  }
}

/** True for a kind of node. Fields of a node start in lower case. */
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
