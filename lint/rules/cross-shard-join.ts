import { shownUse } from "../combined-tables";
import { tenantGrouping } from "../grouping";
import type { Rule } from "../rule";
import { queriesOf } from "../sql-queries";
import { groupsOf } from "../table-groups";

export const crossShardJoin: Rule = {
  name: "cross-shard-join",
  severity: "error",
  harm: "Tables that are not joined on the tenant column lie on different nodes: Citus moves rows between them, or refuses.",
  check: (statements, { tables }) =>
    queriesOf(statements).flatMap((query) =>
      groupsOf(query, tables, tenantGrouping(tables)).flatMap(({ pinned, loose }) => {
        const { tenantColumn } = tables;
        const apart = pinned.length > 0 ? loose : loose.slice(1);
        return apart.flatMap(([table]) =>
          table
            ? [
                {
                  what: `${shownUse(table)} is joined without \`${tenantColumn}\`: rows travel between nodes, and tenants mix`,
                  fix: `Join it on \`${tenantColumn}\` too`,
                  at: query.placeOf(table.location),
                },
              ]
            : [],
        );
      }),
    ),
};
