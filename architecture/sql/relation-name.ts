import type { RangeVar } from "libpg-query";

/** The name by which a relation is known: without a schema where that is the application's, else `schema.name`. */
export function relationName({ schemaname, relname = "" }: RangeVar = {}, schema: string): string {
  return schemaname === undefined || schemaname === schema ? relname : `${schemaname}.${relname}`;
}

/** The same of a name in its parts, as DROP lists them. */
export function nameOfParts(parts: readonly string[], schema: string): string {
  const [relname = "", schemaname] = parts.toReversed();
  return relationName({ relname, ...(schemaname !== undefined && { schemaname }) }, schema);
}
