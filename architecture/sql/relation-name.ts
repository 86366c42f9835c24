import type { RangeVar } from "libpg-query";

/**
 * The name by which the catalog knows a relation: without a schema if that is the application's, or else `schema.name`.
 */
export function relationName({ schemaname, relname = "" }: RangeVar = {}, schema: string): string {
  return schemaname === undefined || schemaname === schema ? relname : `${schemaname}.${relname}`;
}

/** Like `relationName`, for a name in its parts, as DROP lists them. */
export function nameOfParts(parts: readonly string[], schema: string): string {
  const [relname = "", schemaname] = parts.toReversed();
  return relationName({ relname, ...(schemaname !== undefined && { schemaname }) }, schema);
}
