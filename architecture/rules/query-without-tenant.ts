import { queriesOf } from "./queries";
import type { Rule } from "./rule";
import { groupsBy, scopesOf } from "./scopes";

export const queryWithoutTenant: Rule = {
  name: "query-without-tenant",
  severity: "warning",
  harm: "Row level security hides other tenants' rows, but prunes no shard: every node is asked.",
  check: (statements, { migration, tables }) =>
    queriesOf(statements).flatMap((query) => {
      // A view's reader says which tenant; a migration's own UPDATE is for all of them.
      if (query.where === "view" || (query.where === "statement" && migration)) return [];
      const { tenantColumn, isTenantTable } = tables;
      return scopesOf(query, tables).flatMap((scope) => {
        const tenants = scope.tables.filter(({ name }) => isTenantTable(name));
        return groupsBy(scope, tenants, () => tenantColumn).loose.map(([table]) => ({
          what: `This asks every shard of \`${table?.name}\`: row level security alone prunes none`,
          fix: `Add \`${tenantColumn} = …\` to WHERE, such as tenantry.current_tenant()`,
          at: query.placeOf(table?.location),
        }));
      });
    }),
};
