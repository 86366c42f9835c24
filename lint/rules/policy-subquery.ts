import { nodesOf } from "../../architecture/sql/tree";
import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const policySubquery: Rule = {
  name: "policy-subquery",
  severity: "error",
  harm: "A policy's subquery runs for every row, and Citus' workers refuse tables that are not distributed alike.",
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      const policy =
        "CreatePolicyStmt" in node ? node.CreatePolicyStmt : "AlterPolicyStmt" in node && node.AlterPolicyStmt;
      if (!policy || nodesOf([policy.qual, policy.with_check], "SubLink").length === 0) return [];
      return [
        {
          what: `The subquery of policy \`${policy.policy_name}\` runs for every row, and not at all on distributed tables`,
          fix: "Compare a column with a setting, as tenant_isolation does",
          at,
        },
      ];
    }),
};
