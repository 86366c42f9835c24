import { strings } from "../../architecture/catalog/table-definition";
import { alterations, forEachStatement } from "../ddl";
import type { Rule } from "../rule";

const fix = "Remove the statement: the toolkit keeps the policies of tenant tables";

export const rowSecurityDisabled: Rule = {
  name: "row-security-disabled",
  severity: "error",
  harm: "Without row level security, enabled and forced, a forgotten WHERE shows every tenant's rows.",
  refuses: true,
  check: (statements, context) => {
    const altered = alterations(statements, { ...context, created: new Map() })
      .filter(({ command: { subtype } }) => subtype === "AT_DisableRowSecurity" || subtype === "AT_NoForceRowSecurity")
      .map(({ table, at }) => ({
        what: `Row level security of \`${table}\` no longer holds: every tenant's rows become visible`,
        at,
      }));
    const dropped = forEachStatement(statements, ({ node }, at) => {
      if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_POLICY") return [];
      const names = (node.DropStmt.objects ?? []).map((each) =>
        "List" in each ? strings(each.List.items).at(-1) : "",
      );
      return names.includes("tenant_isolation")
        ? [{ what: "Without policy `tenant_isolation` the table shows no rows, or every tenant's", fix, at }]
        : [];
    });
    return [...altered.map((each) => ({ ...each, fix })), ...dropped];
  },
};
