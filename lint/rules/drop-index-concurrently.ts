import { strings } from "../../architecture/catalog/table-definition";
import { nameOfParts } from "../../architecture/sql/relation-name";
import { forEachStatement, isNew } from "../ddl";
import type { Rule } from "../rule";
import { dropIndexOnPartitioned, isPartitioned } from "./refused-on-partitioned";

export const dropIndexConcurrently: Rule = {
  name: "drop-index-concurrently",
  severity: "error",
  harm: "Dropping an index takes an ACCESS EXCLUSIVE lock on its table; while it waits for open transactions, everybody waits behind it.",
  check: (statements, context) =>
    forEachStatement(statements, (statement, at) => {
      const { node } = statement;
      if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_INDEX" || node.DropStmt.concurrent) return [];
      const names = (node.DropStmt.objects ?? []).flatMap((each) =>
        "List" in each ? [nameOfParts(strings(each.List.items), context.tables.schema)] : [],
      );
      return names
        .filter((name) => !isNew(name, statement, context))
        .map((name) => ({
          what: `Dropping index \`${name}\` locks its table (ACCESS EXCLUSIVE), and everybody queues behind it`,
          fix: isPartitioned(context.tables.catalog.indexes.get(name)?.table ?? "", context.tables)
            ? `${dropIndexOnPartitioned}; then allow it here with that reason`
            : "Write DROP INDEX CONCURRENTLY IF EXISTS in a file without a transaction",
          at,
        }));
    }),
};
