/** Calls `visit` for every node of PostgreSQL's parse tree below a value, with its kind: `SelectStmt`, `FuncCall`. */
export function walk(value: unknown, visit: (kind: string, node: object) => void): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === "object" && inner !== null && /^[A-Z]/.test(key)) visit(key, inner);
    walk(inner, visit);
  }
}

/** All nodes of one kind below a value. `T` is the kind's interface in libpg-query. */
export function nodesOf<T>(value: unknown, kind: string): T[] {
  const found: T[] = [];
  walk(value, (each, node) => {
    if (each === kind) found.push(node as T);
  });
  return found;
}
