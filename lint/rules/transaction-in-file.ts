import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const transactionInFile: Rule = {
  name: "transaction-in-file",
  severity: "error",
  harm: "A file runs in a transaction already: COMMIT ends it half-way, and what follows can't be rolled back.",
  aboutFiles: true,
  check: (statements, { transaction, mayBegin = false }) =>
    forEachStatement(statements, ({ node, inBlock }, at) =>
      // A block may commit if the file runs without a transaction.
      "TransactionStmt" in node && (inBlock ? transaction : !mayBegin)
        ? [
            {
              what: "BEGIN, COMMIT and ROLLBACK break the transaction that the toolkit runs the file in",
              fix: "Remove the statement; for statements without a transaction begin the file with `-- tenantry: no transaction`",
              at,
            },
          ]
        : [],
    ),
};
