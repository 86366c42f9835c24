import { shownUse } from "../combined-tables";
import type { Rule } from "../rule";
import { queriesOf } from "../sql-queries";
import { groupsOf } from "../table-groups";

/** Operators that exclude old partitions. An upper bound alone excludes only future ones, which hold little. */
const pins = new Set(["=", ">", ">=", "BETWEEN"]);

export const unboundedPartitionQuery: Rule = {
  name: "unbounded-partition-query",
  severity: "warning",
  harm: "Without a bound on the time, a query reads every partition, even years-old ones.",
  check: (statements, { migration, tables }) =>
    queriesOf(statements).flatMap((query) => {
      if (query.where === "view" || (query.where === "statement" && migration)) return [];
      const { partitionColumn } = tables;
      const grouping = { columnOf: partitionColumn, pins, throughCasts: false, byLimit: true };
      return groupsOf(query, tables, grouping).flatMap(({ loose }) =>
        loose.flatMap(([table]) =>
          table
            ? [
                {
                  what: `This reads every partition of ${shownUse(table)}: nothing bounds its time`,
                  fix: `Compare \`${partitionColumn(table.name)}\` itself, without a cast or a function, with the earliest time in WHERE`,
                  at: query.placeOf(table.location),
                },
              ]
            : [],
        ),
      );
    }),
};
