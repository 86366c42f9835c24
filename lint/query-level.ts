import type { Node, RangeVar } from "libpg-query";

/** One level of a query: what SELECT, UPDATE, DELETE and MERGE have in common. */
export interface Level {
  readonly relation?: RangeVar | undefined;
  readonly fromClause?: readonly Node[];
  readonly whereClause?: Node | undefined;
  readonly havingClause?: Node;
  readonly targets?: readonly Node[] | undefined;
  readonly returns?: readonly Node[] | undefined;
  readonly returningList?: readonly Node[];
  readonly valuesLists?: readonly Node[];
  readonly sortClause?: readonly Node[];
  readonly limitCount?: Node;
  readonly withClause?: { readonly ctes?: readonly Node[] } | undefined;
}

/** The level of a statement that changes rows; undefined for INSERT, which reads only a query of its own. */
export function levelOf(node: Node): Level | undefined {
  if ("UpdateStmt" in node) return { ...node.UpdateStmt, targets: node.UpdateStmt.targetList };
  if ("DeleteStmt" in node) return { ...node.DeleteStmt, fromClause: node.DeleteStmt.usingClause ?? [] };
  if ("MergeStmt" in node) {
    const { relation, sourceRelation, joinCondition, withClause } = node.MergeStmt;
    const fromClause = sourceRelation ? [sourceRelation] : [];
    return { relation, fromClause, whereClause: joinCondition, withClause };
  }
  return undefined;
}
