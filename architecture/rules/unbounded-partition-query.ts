import { queriesOf } from "./queries";
import type { Rule } from "./rule";
import { groupsBy, scopesOf } from "./scopes";

const operators = ["=", "<", "<=", ">", ">=", "BETWEEN"];

export const unboundedPartitionQuery: Rule = {
  name: "unbounded-partition-query",
  severity: "warning",
  harm: "Without a bound on the time, every partition is read, also those of years ago.",
  check: (statements, { migration, tables }) =>
    queriesOf(statements).flatMap((query) => {
      if (query.where === "view" || (query.where === "statement" && migration)) return [];
      const { partitionColumn } = tables;
      return scopesOf(query, tables).flatMap((scope) => {
        const partitioned = scope.tables.filter(({ name }) => partitionColumn(name) !== undefined);
        const { loose } = groupsBy(scope, partitioned, ({ name }) => partitionColumn(name), operators);
        return loose.map(([table]) => ({
          what: `This reads every partition of \`${table?.name}\`: nothing bounds its time`,
          fix: `Bound \`${partitionColumn(table?.name ?? "")}\` in WHERE`,
          at: query.placeOf(table?.location),
        }));
      });
    }),
};
