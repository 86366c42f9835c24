import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const truncateCascade: Rule = {
  name: "truncate-cascade",
  severity: "error",
  harm: "TRUNCATE … CASCADE empties every table that refers to the one named, and theirs, whoever they belong to.",
  refuses: true,
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) =>
      "TruncateStmt" in node && node.TruncateStmt.behavior === "DROP_CASCADE"
        ? [
            {
              what: "TRUNCATE … CASCADE empties every table that refers to this one, under ACCESS EXCLUSIVE",
              fix: "Name each table that is to be emptied, without CASCADE",
              at,
            },
          ]
        : [],
    ),
};
