import { shownUse } from "../combined-tables";
import { tenantGrouping } from "../grouping";
import type { Rule } from "../rule";
import { queriesOf } from "../sql-queries";
import { groupsOf } from "../table-groups";

export const queryWithoutTenant: Rule = {
  name: "query-without-tenant",
  severity: "warning",
  harm: "Row level security hides other tenants' rows, but prunes no shard: every node is asked.",
  check: (statements, { migration, tables }) =>
    queriesOf(statements).flatMap((query) => {
      // The reader of a view chooses the tenant; an UPDATE in a migration is for all tenants.
      if (query.where === "view" || (query.where === "statement" && migration)) return [];
      return groupsOf(query, tables, tenantGrouping(tables)).flatMap(({ loose }) =>
        loose.flatMap(([table]) =>
          table
            ? [
                {
                  what: `This asks every shard of ${shownUse(table)}: row level security alone prunes none`,
                  fix: `Add \`${tables.tenantColumn} = …\` to WHERE, such as tenantry.current_tenant()`,
                  at: query.placeOf(table.location),
                },
              ]
            : [],
        ),
      );
    }),
};
