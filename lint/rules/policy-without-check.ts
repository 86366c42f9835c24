import { relationName } from "../../architecture/sql/relation-name";
import { forEachStatement } from "../ddl";
import { citusDropsWord, policyIn, restrictedBy } from "../policies";
import type { Rule } from "../rule";

export const policyWithoutCheck: Rule = {
  name: "policy-without-check",
  severity: "error",
  harm: "A policy without a check of its own doesn't say which rows may be written.",
  check: (statements, context) =>
    forEachStatement(statements, ({ node }, at) => {
      if (!("CreatePolicyStmt" in node)) return [];
      const { policy_name, table, cmd_name = "all", with_check, permissive } = node.CreatePolicyStmt;
      if (!["all", "insert", "update"].includes(cmd_name) || !permissive || with_check) return [];
      const { schema, policies, tenantColumn, citus } = context.tables;
      const policy = policyIn(node.CreatePolicyStmt, context.tables);
      const holders = policy && restrictedBy(policy, "check", policies.get(relationName(table, schema)), tenantColumn);
      if (holders && !citus) return [];
      const reason = holders ? `: \`${holders.join("`, `")}\` doesn't either, because ${citusDropsWord}` : "";
      return [
        {
          what: `Policy \`${policy_name}\` does not restrict written rows to the tenant${reason}`,
          fix: "Write WITH CHECK with the same condition as USING",
          at,
        },
      ];
    }),
};
