import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const policyWithoutCheck: Rule = {
  name: "policy-without-check",
  severity: "error",
  harm: "A policy without a check of its own doesn't say which rows may be written.",
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      if (!("CreatePolicyStmt" in node)) return [];
      const { policy_name, cmd_name = "all", with_check, permissive } = node.CreatePolicyStmt;
      if (!["all", "insert", "update"].includes(cmd_name) || !permissive || with_check) return [];
      return [
        {
          what: `Policy \`${policy_name}\` does not restrict written rows to the tenant`,
          fix: "Write WITH CHECK with the same condition as USING",
          at,
        },
      ];
    }),
};
