import { maxIdentifierBytes } from "./identifier";

/** The name that PostgreSQL gives to a foreign key without one: `orders_customer_id_fkey`, cut as PostgreSQL cuts it. */
export function foreignKeyName(table: string, columns: readonly string[], taken: ReadonlySet<string>): string {
  const joined = clip(columns.join("_"), maxIdentifierBytes);
  for (let count = 0; ; count++) {
    const name = objectName(table, joined, count === 0 ? "fkey" : `fkey${count}`);
    if (!taken.has(name)) return name;
  }
}

/** makeObjectName() of PostgreSQL: the longer of both names gives way. */
function objectName(first: string, second: string, label: string): string {
  const room = maxIdentifierBytes - label.length - 2;
  let a = Buffer.byteLength(first);
  let b = Buffer.byteLength(second);
  while (a + b > room) {
    if (a > b) a--;
    else b--;
  }
  return `${clip(first, a)}_${clip(second, b)}_${label}`;
}

/** At most so many bytes, without cutting a character in two. */
function clip(text: string, bytes: number): string {
  let clipped = text;
  while (Buffer.byteLength(clipped) > bytes) clipped = [...clipped].slice(0, -1).join("");
  return clipped;
}
