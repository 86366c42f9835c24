import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, SelectStmt, UpdateStmt } from "libpg-query";
import { nodesOf } from "../../architecture/sql/tree";
import { tenantGrouping } from "../grouping";
import type { Query } from "../sql-queries";
import { groupsOf } from "../table-groups";
import type { CitusTables, Found } from "./citus-tables";
import { callsChanging, callsVolatile } from "./immutability";

/** The constructs that Citus refuses in a query that reads or changes placed tables. */
export function refusedQueries(query: Query, tables: CitusTables): Found[] {
  const { node } = query;
  return [
    ...nodesOf<UpdateStmt>(node, "UpdateStmt").flatMap((each) => ofUpdate(each, tables)),
    ...nodesOf<DeleteStmt>(node, "DeleteStmt").flatMap((each) => ofDelete(each, tables)),
    ...nodesOf<InsertStmt>(node, "InsertStmt").flatMap((each) => ofInsert(each, tables)),
    ...nodesOf<MergeStmt>(node, "MergeStmt").flatMap((each) => ofMerge(each, tables)),
    ...ofLocks(query, tables),
  ];
}

function ofUpdate(update: UpdateStmt, tables: CitusTables): Found[] {
  const { relation, targetList = [], whereClause, fromClause, returningClause } = update;
  if (!tables.isPlaced(relation)) return [];
  const found = finder(relation);
  const conditional = [...nodesOf(targetList, "CaseExpr"), ...nodesOf(targetList, "CoalesceExpr")];
  return [
    ...found(
      "tenant-column-value",
      targetList.some((target) => writesTenant(target, tables)),
    ),
    ...found("volatile-change", callsVolatile(targetList, whereClause)),
    ...found("conditional-function", callsChanging(conditional)),
    ...found("returning-function", callsChanging(returningClause)),
    ...found("reference-change", joinsTenants(relation, fromClause, tables)),
  ];
}

function ofDelete({ relation, whereClause, usingClause, returningClause }: DeleteStmt, tables: CitusTables): Found[] {
  if (!tables.isPlaced(relation)) return [];
  const found = finder(relation);
  return [
    ...found("volatile-change", callsVolatile(whereClause)),
    ...found("returning-function", callsChanging(returningClause)),
    ...found("reference-change", joinsTenants(relation, usingClause, tables)),
  ];
}

function ofInsert(
  { relation, selectStmt, onConflictClause, returningClause }: InsertStmt,
  tables: CitusTables,
): Found[] {
  if (!tables.isPlaced(relation)) return [];
  const found = finder(relation);
  const values = selectStmt && "SelectStmt" in selectStmt ? selectStmt.SelectStmt.valuesLists : undefined;
  const { targetList, whereClause } = onConflictClause ?? {};
  return [
    ...found("values-subquery", nodesOf(values, "SubLink").length > 0),
    ...found("conflict-function", callsChanging(targetList, whereClause)),
    ...found("returning-function", callsChanging(returningClause)),
  ];
}

function ofMerge({ relation, sourceRelation, returningClause }: MergeStmt, tables: CitusTables): Found[] {
  if (!tables.isPlaced(relation)) return [];
  const found = finder(relation);
  const isReference = tables.kindOf(relation) === "reference";
  const sources = nodesOf<RangeVar>({ sourceRelation }, "RangeVar");
  return [
    ...found("merge-target", isReference),
    ...found("merge-source", !isReference && sources.every((each) => tables.kindOf(each) === "local")),
    ...found("merge-returning", returningClause !== undefined),
  ];
}

/** Row locks on tables of which no value of the tenant column selects one node. */
function ofLocks(query: Query, tables: CitusTables): Found[] {
  const locks = nodesOf<SelectStmt>(query.node, "SelectStmt").some(({ lockingClause }) => lockingClause?.length);
  if (!locks) return [];
  return groupsOf(query, tables, tenantGrouping(tables)).flatMap(({ loose }) =>
    loose.flatMap(([table]) =>
      table ? [{ refusal: "lock-everywhere" as const, subject: table.name, location: table.location }] : [],
    ),
  );
}

/**
 * True if the target sets the tenant column to a constant or a function's result. A column's value may be the same
 * tenant.
 */
function writesTenant(target: Node, { tenantColumn }: CitusTables): boolean {
  if (!("ResTarget" in target) || target.ResTarget.name !== tenantColumn) return false;
  const { val } = target.ResTarget;
  const value = val && "TypeCast" in val ? val.TypeCast.arg : val;
  return value !== undefined && ("A_Const" in value || "FuncCall" in value);
}

function joinsTenants(relation: RangeVar | undefined, from: unknown, tables: CitusTables): boolean {
  if (tables.kindOf(relation) !== "reference") return false;
  return nodesOf<RangeVar>(from, "RangeVar").some((each) => tables.kindOf(each) === "tenant");
}

function finder(relation: RangeVar | undefined) {
  return (refusal: Found["refusal"], isFound: boolean): Found[] =>
    isFound ? [{ refusal, subject: relation?.relname ?? "", location: relation?.location }] : [];
}
