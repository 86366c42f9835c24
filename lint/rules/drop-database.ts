import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const dropDatabase: Rule = {
  name: "drop-database",
  severity: "error",
  harm: "Dropping a database or a schema with all it holds cannot be undone.",
  refuses: true,
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      const schema =
        "DropStmt" in node && node.DropStmt.removeType === "OBJECT_SCHEMA" && node.DropStmt.behavior === "DROP_CASCADE";
      if (!schema && !("DropdbStmt" in node)) return [];
      return [
        {
          what: `${schema ? "DROP SCHEMA … CASCADE" : "DROP DATABASE"} loses every tenant's rows at once`,
          fix: "Remove the statement: the stack decides what is dropped, table by table",
          at,
        },
      ];
    }),
};
