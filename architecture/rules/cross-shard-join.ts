import { queriesOf } from "./queries";
import type { Rule } from "./rule";
import { groupsBy, scopesOf } from "./scopes";

export const crossShardJoin: Rule = {
  name: "cross-shard-join",
  severity: "error",
  harm: "Tables that are not joined on the tenant column lie on different nodes: Citus moves rows between them, or refuses.",
  check: (statements, { tables }) =>
    queriesOf(statements).flatMap((query) =>
      scopesOf(query, tables).flatMap((scope) => {
        const { tenantColumn, isTenantTable } = tables;
        const tenants = scope.tables.filter(({ name }) => isTenantTable(name));
        const { pinned, loose } = groupsBy(scope, tenants, () => tenantColumn);
        const apart = pinned.length > 0 ? loose : loose.slice(1);
        return apart.map(([table]) => ({
          what: `\`${table?.name}\` is joined without \`${tenantColumn}\`: rows travel between nodes, and tenants mix`,
          fix: `Join it on \`${tenantColumn}\` too`,
          at: query.placeOf(table?.location),
        }));
      }),
    ),
};
