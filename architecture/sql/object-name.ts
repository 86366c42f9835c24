import { maxIdentifierBytes } from "../../common/identifier";

/** The label that PostgreSQL appends to a name it chooses: `orders_customer_id_fkey`, `orders_pkey`. */
export type NameLabel = "fkey" | "pkey" | "key" | "excl" | "idx" | "check";

/** The name that PostgreSQL chooses for an unnamed object, cut as PostgreSQL cuts it, and numbered if it is taken. */
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

/** PostgreSQL's makeObjectName(): it shortens the longer of both names. */
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

/** Cuts a text to this number of bytes, but never within a character. */
function clip(text: string, bytes: number): string {
  let clipped = text;
  while (Buffer.byteLength(clipped) > bytes) clipped = [...clipped].slice(0, -1).join("");
  return clipped;
}
