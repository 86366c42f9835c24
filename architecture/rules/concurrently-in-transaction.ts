import { forEachStatement } from "./ddl";
import type { Rule } from "./rule";

export const concurrentlyInTransaction: Rule = {
  name: "concurrently-in-transaction",
  severity: "error",
  harm: "PostgreSQL refuses CONCURRENTLY inside a transaction: the migration fails.",
  check: (statements, { transaction }) =>
    forEachStatement(statements, ({ node }, at) => {
      const concurrent =
        ("IndexStmt" in node && node.IndexStmt.concurrent) ||
        ("DropStmt" in node && node.DropStmt.concurrent) ||
        ("AlterTableStmt" in node &&
          node.AlterTableStmt.cmds?.some(
            (each) =>
              "AlterTableCmd" in each &&
              each.AlterTableCmd.def &&
              "PartitionCmd" in each.AlterTableCmd.def &&
              each.AlterTableCmd.def.PartitionCmd.concurrent,
          ));
      if (!concurrent || !transaction) return [];
      return [
        {
          what: "CONCURRENTLY fails here: the file runs in one transaction",
          fix: "Move it into a file of its own whose first line is `-- tenantry: no transaction`",
          at,
        },
      ];
    }),
};
