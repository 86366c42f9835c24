import type { DeleteStmt, MergeStmt, Node, RangeVar, TruncateStmt } from "libpg-query";
import { walk } from "../../architecture/sql/tree";
import { forEachMigrating, isNew } from "../ddl";
import type { Rule } from "../rule";
import { holdsTenants, shownName } from "../tenant-relations";

export const tenantRowsDeleted: Rule = {
  name: "tenant-rows-deleted",
  severity: "error",
  harm: "Rows of tenants that a migration deletes are gone in every database that it reaches.",
  refuses: true,
  aboutFiles: true,
  check: (statements, context) =>
    forEachMigrating(statements, context, (statement, at) => {
      const { node } = statement;
      if ("CreateFunctionStmt" in node) return [];
      const relations: (readonly [RangeVar | undefined, string])[] = [];
      walk(node, (kind, each) => {
        if (kind === "DeleteStmt") relations.push([(each as DeleteStmt).relation, "DELETE"]);
        if (kind === "MergeStmt" && deletes(each as MergeStmt)) relations.push([(each as MergeStmt).relation, "MERGE"]);
        if (kind === "TruncateStmt") {
          relations.push(...rangeVars((each as TruncateStmt).relations).map((each) => [each, "TRUNCATE"] as const));
        }
      });
      return relations
        .filter(([relation]) => holdsTenants(context, relation) && !isNew(relation?.relname ?? "", statement, context))
        .map(([relation, verb]) => ({
          what: `${verb} loses tenants' rows of ${shownName(relation?.relname)}`,
          fix: "Leave the rows, or move them to a table that keeps them",
          at,
        }));
    }),
};

function deletes({ mergeWhenClauses }: MergeStmt): boolean {
  return (mergeWhenClauses ?? []).some(
    (each) => "MergeWhenClause" in each && each.MergeWhenClause.commandType === "CMD_DELETE",
  );
}

function rangeVars(nodes: readonly Node[] | undefined): RangeVar[] {
  return (nodes ?? []).flatMap((each) => ("RangeVar" in each ? [each.RangeVar] : []));
}
