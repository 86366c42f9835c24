import { maxIdentifierBytes } from "../../common/identifier";

/** What kind of object PostgreSQL names: `orders_customer_id_fkey`, `orders_pkey`. */
export type NameLabel = "fkey" | "pkey" | "key" | "excl" | "idx" | "check";

/** The name that PostgreSQL gives to what has none, cut as PostgreSQL cuts it, and numbered where it is taken. */
export function chosenName(
  table: string,
  columns: readonly string[],
  label: NameLabel,
  taken: ReadonlySet<string>,
): string {
  const joined = clip(columns.join("_"), maxIdentifierBytes);
  for (let count = 0; ; count++) {
    const name = objectName(table, joined, count === 0 ? label : `${label}${count}`);
    if (!taken.has(name)) return name;
  }
}

/** makeObjectName() of PostgreSQL: the longer of both names gives way. */
function objectName(first: string, second: string, label: string): string {
  const room = maxIdentifierBytes - label.length - (second === "" ? 1 : 2);
  let a = Buffer.byteLength(first);
  let b = Buffer.byteLength(second);
  while (a + b > room) {
    if (a > b) a--;
    else b--;
  }
  return [clip(first, a), ...(second === "" ? [] : [clip(second, b)]), label].join("_");
}

/** At most so many bytes, without cutting a character in two. */
function clip(text: string, bytes: number): string {
  let clipped = text;
  while (Buffer.byteLength(clipped) > bytes) clipped = [...clipped].slice(0, -1).join("");
  return clipped;
}
