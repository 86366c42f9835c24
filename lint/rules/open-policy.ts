import type { AlterPolicyStmt, CreatePolicyStmt } from "libpg-query";
import { relationName } from "../../architecture/sql/relation-name";
import { forEachStatement } from "../ddl";
import { citusDropsWord, policyIn, restrictedBy } from "../policies";
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
      return (["qual", "with_check"] as const).flatMap((clause) => {
        const what = harmOf(policy, clause, context);
        if (what === undefined) return [];
        const { tenantColumn } = context.tables;
        const fix = `Compare \`${tenantColumn}\` with the session's tenant, outside of every OR, as tenant_isolation does, or remove the policy`;
        return [{ what, fix, at }];
      });
    }),
};

/** True for tables without tenants' rows: reference tables, and tables that belong to no tenant. */
function isShared({ table }: Pick<CreatePolicyStmt, "table">, { tables }: FileContext): boolean {
  return ["reference", "local"].includes(tables.kindOf(relationName(table, tables.schema)) ?? "");
}

/** The harm of the clause's condition; undefined if the condition, or a restrictive policy beside it, holds the rows. */
function harmOf(
  statement: CreatePolicyStmt | AlterPolicyStmt,
  clause: "qual" | "with_check",
  context: FileContext,
): string | undefined {
  const condition = statement[clause];
  if (!condition) return undefined;
  const { tenantColumn, citus, policies, schema } = context.tables;
  const policy = policyIn(statement, context.tables);
  const isPermissive = policy?.permissive ?? statement.policy_name === "tenant_isolation";
  const isEmpty = admitsEverything(condition, tenantColumn);
  // A restrictive policy may compare any column, because it only narrows.
  const isOpen = isPermissive || (citus && policy) ? holdsTenants(context, statement.table) : false;
  if (!isEmpty && (!isOpen || holdsTo(tenantColumn, condition))) return undefined;
  const others = policies.get(relationName(statement.table, schema));
  const holders =
    policy?.permissive && restrictedBy(policy, clause === "qual" ? "using" : "check", others, tenantColumn);
  if (holders && !citus) return undefined;
  const name = `Policy \`${statement.policy_name}\` on ${shownName(statement.table?.relname)}`;
  const said = clause === "qual" ? "USING" : "WITH CHECK";
  const harm = isEmpty
    ? `${name} restricts nothing: its ${said} is true for every row`
    : `${name} lets rows of any tenant through: its ${said} doesn't always compare \`${tenantColumn}\` with the tenant`;
  if (holders) return `${harm}, and \`${holders.join("`, `")}\` doesn't narrow it, because ${citusDropsWord}`;
  return isEmpty || isPermissive ? harm : `${harm}, and ${citusDropsWord}`;
}
