import type { ColumnRef, FuncCall, Node, RangeSubselect, RangeVar, ResTarget } from "libpg-query";
import { strings } from "../architecture/catalog/table-definition";
import { columnRef } from "../architecture/sql/conditions";
import { nodesOf } from "../architecture/sql/tree";

/** The alias before `*`, empty if `*` has no alias; undefined for any other column. */
export function starred({ val }: ResTarget): string | undefined {
  const fields = val && "ColumnRef" in val ? (val.ColumnRef.fields ?? []) : [];
  return fields.some((each) => "A_Star" in each) ? (strings(fields).at(-1) ?? "") : undefined;
}

const aggregates = new Set(
  "count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or every".split(
    " ",
  ),
);

/** True if a query always returns one row of aggregates. */
export function isOneRow(query: Node): boolean {
  if (!("SelectStmt" in query)) return false;
  const { targetList, groupClause, larg } = query.SelectStmt;
  if (groupClause || larg) return false;
  return nodesOf<FuncCall>(targetList, "FuncCall").some(
    ({ funcname, over }) => !over && aggregates.has(strings(funcname).at(-1) ?? ""),
  );
}

/** True if a subquery names one of the tables around it by its alias. */
export function readsFrom(subquery: Node, aliases: readonly string[]): boolean {
  const own = new Set([
    ...nodesOf<RangeVar>([subquery], "RangeVar").map(({ alias, relname }) => alias?.aliasname ?? relname),
    ...nodesOf<RangeSubselect>([subquery], "RangeSubselect").map(({ alias }) => alias?.aliasname),
  ]);
  return nodesOf<ColumnRef>([subquery], "ColumnRef").some((each) => {
    const { alias } = columnRef(each);
    return alias !== undefined && !own.has(alias) && aliases.includes(alias);
  });
}
