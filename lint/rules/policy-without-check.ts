import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const policyWithoutCheck: Rule = {
  name: "policy-without-check",
  severity: "error",
  harm: "Without its own check, what may be written is left unsaid.",
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      if (!("CreatePolicyStmt" in node)) return [];
      const { policy_name, cmd_name = "all", with_check, permissive } = node.CreatePolicyStmt;
      if (!["all", "insert", "update"].includes(cmd_name) || !permissive || with_check) return [];
      return [
        {
          what: `Policy \`${policy_name}\` does not hold what is written to the tenant`,
          fix: "Write WITH CHECK with the same condition as USING",
          at,
        },
      ];
    }),
};
