import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const repeatableWithoutTransaction: Rule = {
  name: "repeatable-without-transaction",
  severity: "warning",
  harm: "A file without a transaction that fails half-way is run again from its start, and fails on what it made before.",
  aboutFiles: true,
  check: (statements, { transaction }) =>
    forEachStatement(statements, ({ node }, at) => {
      const repeatable =
        ("IndexStmt" in node && node.IndexStmt.if_not_exists) || ("DropStmt" in node && node.DropStmt.missing_ok);
      const made =
        "IndexStmt" in node || "DropStmt" in node || ("CreateStmt" in node && !node.CreateStmt.if_not_exists);
      if (transaction || repeatable || !made) return [];
      const word = "DropStmt" in node ? "IF EXISTS" : "IF NOT EXISTS";
      return [
        {
          what: "This statement fails when the file, which has no transaction, is run again after a failure",
          fix: `Write ${word}`,
          at,
        },
      ];
    }),
};
