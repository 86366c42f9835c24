import { relationName } from "../../architecture/sql/relation-name";
import { alterations, isNew } from "../ddl";
import type { Rule } from "../rule";

export const attachPartition: Rule = {
  name: "attach-partition",
  severity: "error",
  harm: "ATTACH PARTITION reads every row of the table that becomes a partition under an ACCESS EXCLUSIVE lock.",
  check: (statements, context) =>
    alterations(statements, context).flatMap(({ table, command, statement, at }) => {
      const { subtype, def } = command;
      if (subtype !== "AT_AttachPartition" || !def || !("PartitionCmd" in def)) return [];
      const partition = relationName(def.PartitionCmd.name, context.tables.schema);
      // PostgreSQL trusts a validated CHECK that implies the bounds, and reads no rows.
      if (isNew(partition, statement, context) || context.tables.catalog.proven.has(command)) return [];
      return [
        {
          what: `Attaching \`${partition}\` to \`${table}\` reads all its rows under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
          fix: "Give it a CHECK with the same bounds and IS NOT NULL first, NOT VALID, VALIDATE it in the next file, then attach it, which trusts it",
          at,
        },
      ];
    }),
};
