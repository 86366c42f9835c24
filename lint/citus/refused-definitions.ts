import type { ColumnDef, Constraint, RangeVar } from "libpg-query";
import { strings, toColumn } from "../../architecture/catalog/table-definition";
import type { RefusalName } from "./citus-refusals";
import type { CitusTables, Found } from "./citus-tables";

/**
 * The actions that Citus refuses in a foreign key of a table that is or will be placed. `column` is the column that the
 * constraint stands on.
 */
export function refusedForeignKey(
  relation: RangeVar | undefined,
  constraint: Constraint,
  column: string | undefined,
  tables: CitusTables,
): Found[] {
  const { contype, fk_attrs, fk_del_action = "a", fk_upd_action = "a", location } = constraint;
  const columns = column === undefined ? strings(fk_attrs) : [column];
  if (contype !== "CONSTR_FOREIGN" || tables.kindOf(relation) !== "tenant") return [];
  if (!columns.includes(tables.tenantColumn)) return [];
  const subject = tables.nameOf(relation);
  return [
    ...("nd".includes(fk_del_action) ? [{ refusal: "foreign-key-set" as const, subject, location }] : []),
    ...("ndc".includes(fk_upd_action) ? [{ refusal: "foreign-key-update" as const, subject, location }] : []),
  ];
}

/** The definitions that Citus refuses of a column of a table that is or will be placed. */
export function refusedColumn(relation: RangeVar | undefined, definition: ColumnDef, tables: CitusTables): Found[] {
  const { location } = definition;
  const { name, type, collation = "", draws, generated } = toColumn(definition, 0, { file: "" });
  const { types } = tables.catalog;
  const isTenantColumn = name === tables.tenantColumn && tables.kindOf(relation) === "tenant";
  const found = (refusal: RefusalName, isFound: boolean): Found[] =>
    isFound ? [{ refusal, subject: `${tables.nameOf(relation)}.${name}`, location }] : [];
  return [
    ...found("generated-tenant-column", isTenantColumn && generated),
    ...found("tenant-column-collation", isTenantColumn && types.get(collation) === "nondeterministic collation"),
    ...found("range-type", types.get(type.replace("[]", "")) === "range"),
    ...found("two-sequences", new Set(draws).size > 1),
  ];
}
