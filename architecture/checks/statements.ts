import type { Node } from "libpg-query";
import type { Problem } from "../../common/problem";
import { placeAt } from "../../common/source";
import { outsideTransaction } from "../sql/outside-transaction";
import { withoutTransaction } from "../sql/sql-file";
import type { ParsedSql } from "../sql/sql-parser";

/** Reports statements that a migration cannot run. */
export function checkStatements({ source, statements }: ParsedSql): Problem[] {
  const transaction = !withoutTransaction(source.text);
  return statements.flatMap(({ node, start }) => {
    const found = refusal(node, transaction);
    return found ? [{ ...found, at: placeAt(source, start) }] : [];
  });
}

function refusal(node: Node, transaction: boolean): Problem | undefined {
  if ("TransactionStmt" in node) {
    return transaction
      ? { what: "A file runs in one transaction by itself", fix: "Remove BEGIN, COMMIT and ROLLBACK" }
      : {
          what: "Each statement of a file without a transaction commits by itself",
          fix: "Remove BEGIN, COMMIT and ROLLBACK, or move these statements into a file of their own",
        };
  }
  if ("CopyStmt" in node && !node.CopyStmt.filename) {
    return { what: "COPY from or to the client needs psql", fix: "Write the rows as INSERT" };
  }
  if ("VariableSetStmt" in node && node.VariableSetStmt.name === "search_path") {
    return {
      what: "Names without a schema mean the application's schema in every file",
      fix: "Remove SET search_path",
    };
  }
  const outside = transaction ? outsideTransaction(node) : undefined;
  if (!outside) return undefined;
  return {
    what: `PostgreSQL refuses ${outside} inside a transaction`,
    fix: "Move it into a file of its own whose first line is `-- tenantry: no transaction`",
  };
}
