import { placeAt } from "../source";
import { readView } from "../view-definition";
import type { Rule } from "./rule";

export const viewWithoutSecurityInvoker: Rule = {
  name: "view-without-security-invoker",
  severity: "error",
  harm: "A view reads with its owner's rights, so row level security does not hold its reader.",
  check: (statements, { tables: { catalog, isTenantTable } }) =>
    statements.flatMap((statement) => {
      const schema = "ViewStmt" in statement.node ? (statement.node.ViewStmt.view?.schemaname ?? "") : "";
      const view = readView(statement.node, statement, schema);
      if (!view || "table" in view) return [];
      const left = catalog.views.get(view.name);
      const tenantTable = [...view.reads].find(isTenantTable);
      if (tenantTable === undefined || view.securityInvoker || (left?.securityInvoker && !view.materialized)) return [];
      return [
        {
          what: `View \`${view.name}\` shows every tenant's rows of \`${tenantTable}\`: it reads with its owner's rights`,
          fix: view.materialized
            ? "Make it a tenant table that a consumer keeps, or a view WITH (security_invoker = true)"
            : "Write CREATE VIEW … WITH (security_invoker = true)",
          at: placeAt(statement.source, statement.start),
        },
      ];
    }),
};
