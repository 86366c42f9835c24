import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const domainConstraint: Rule = {
  name: "domain-constraint",
  severity: "error",
  harm: "A domain's constraint is checked against every table that uses it, under a SHARE lock on each; it can't be changed a table at a time.",
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      const created = "CreateDomainStmt" in node && (node.CreateDomainStmt.constraints?.length ?? 0) > 0;
      const added = "AlterDomainStmt" in node && ["C", "O"].includes(node.AlterDomainStmt.subtype?.toString() ?? "");
      if (!created && !added) return [];
      return [
        {
          what: "A domain's constraint is checked in every table that uses it, all of them locked against writes",
          fix: "Put a CHECK on the column of each table",
          at,
        },
      ];
    }),
};
