import type { AlterPolicyStmt, CreatePolicyStmt } from "libpg-query";
import { relationName } from "../../architecture/sql/relation-name";
import { forEachStatement } from "../ddl";
import { admitsEverything, holdsTo } from "../policy-condition";
import type { FileContext, Rule } from "../rule";
import { holdsTenants, shownName } from "../tenant-relations";

export const openPolicy: Rule = {
  name: "open-policy",
  severity: "error",
  harm: "A policy whose condition holds for rows of any tenant lets each of them read, or write, the others' rows.",
  check: (statements, context) =>
    forEachStatement(statements, ({ node }, at) => {
      const policy =
        "CreatePolicyStmt" in node
          ? node.CreatePolicyStmt
          : "AlterPolicyStmt" in node
            ? node.AlterPolicyStmt
            : undefined;
      if (!policy || isShared(policy, context)) return [];
      const name = `Policy \`${policy.policy_name}\` on ${shownName(policy.table?.relname)}`;
      const clauses = (["qual", "with_check"] as const).flatMap((clause) => {
        const condition = policy[clause];
        if (!condition || !isOpen(policy, clause, context)) return [];
        const said = clause === "qual" ? "USING" : "WITH CHECK";
        return [
          admitsEverything(condition, context.tables.tenantColumn)
            ? `${name} restricts nothing: its ${said} is true for every row`
            : `${name} lets rows of any tenant through: its ${said} doesn't always compare \`${context.tables.tenantColumn}\` with the tenant`,
        ];
      });
      return clauses.map((what) => ({
        what,
        fix: `Compare \`${context.tables.tenantColumn}\` with the session's tenant, outside of every OR, as tenant_isolation does, or remove the policy`,
        at,
      }));
    }),
};

/** True for tables without tenants' rows: reference tables, and tables that belong to no tenant. */
function isShared({ table }: Pick<CreatePolicyStmt, "table">, { tables }: FileContext): boolean {
  return ["reference", "local"].includes(tables.kindOf(relationName(table, tables.schema)) ?? "");
}

/**
 * True if the policy's clause admits rows of any tenant. A restrictive policy only narrows, so its clause must not be
 * always true. ALTER POLICY does not say which kind the policy is.
 */
function isOpen(policy: CreatePolicyStmt | AlterPolicyStmt, clause: "qual" | "with_check", context: FileContext) {
  const condition = policy[clause];
  if (!condition) return false;
  if (admitsEverything(condition, context.tables.tenantColumn)) return true;
  const letsThrough = "permissive" in policy ? policy.permissive : policy.policy_name === "tenant_isolation";
  return letsThrough && holdsTenants(context, policy.table) && !holdsTo(context.tables.tenantColumn, condition);
}
