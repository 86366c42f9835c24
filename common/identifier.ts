/** PostgreSQL cuts longer names silently (NAMEDATALEN - 1). */
export const maxIdentifierBytes = 63;

/** The identifier as SQL text. It is always quoted, so that capitals, spaces, quotes and reserved words are kept. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"schema"."name"`. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The value as a SQL string literal, safe with any `standard_conforming_strings`. */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return value.includes("\\") ? ` E${quoted}` : quoted;
}
