import type { Catalog, CatalogView } from "../../architecture/catalog/catalog";
import { invokerAfter, readView } from "../../architecture/catalog/view-definition";
import { relationName } from "../../architecture/sql/relation-name";
import type { ParsedStatement } from "../../architecture/sql/sql-parser";
import { placeAt } from "../../common/source";
import type { Rule } from "../rule";

export const viewWithoutSecurityInvoker: Rule = {
  name: "view-without-security-invoker",
  severity: "error",
  harm: "A view reads with its owner's rights, so row level security does not restrict its reader.",
  check: (statements, { tables: { catalog, isTenantTable, schema } }) =>
    statements.flatMap((statement) => {
      const made = readView(statement.node, statement, schema);
      const view = made && "reads" in made ? made : alteredView(statement, catalog, schema);
      if (!view) return [];
      const left = catalog.views.get(view.name);
      const tenantTable = [...view.reads].find(isTenantTable);
      if (tenantTable === undefined || view.securityInvoker || (left?.securityInvoker && !view.materialized)) return [];
      return [
        {
          what: `View \`${view.name}\` shows every tenant's rows of \`${tenantTable}\`: it reads with its owner's rights`,
          fix: !made
            ? "Set security_invoker = true, or remove the statement"
            : view.materialized
              ? "Make it a tenant table that a consumer keeps, or a view WITH (security_invoker = true)"
              : "Write CREATE VIEW … WITH (security_invoker = true)",
          at: placeAt(statement.source, statement.start),
        },
      ];
    }),
};

/** The view after ALTER VIEW. Without `security_invoker` it shows every tenant's rows. */
function alteredView({ node }: ParsedStatement, { views }: Catalog, schema: string): CatalogView | undefined {
  if (!("AlterTableStmt" in node)) return undefined;
  const { relation, cmds = [] } = node.AlterTableStmt;
  const view = views.get(relationName(relation, schema));
  const commands = cmds.flatMap((each) => ("AlterTableCmd" in each ? [each.AlterTableCmd] : []));
  const securityInvoker = commands.map(invokerAfter).findLast((after) => after !== undefined);
  return view && securityInvoker === false ? { ...view, securityInvoker } : undefined;
}
