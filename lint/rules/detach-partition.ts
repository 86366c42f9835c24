import { alterations } from "../ddl";
import type { Rule, TableFacts } from "../rule";

export const detachPartition: Rule = {
  name: "detach-partition",
  severity: "error",
  harm: "Detaching a partition takes an ACCESS EXCLUSIVE lock on the whole partitioned table.",
  check: (statements, context) =>
    alterations(statements, context)
      .filter(({ command: { subtype, def } }) => {
        const concurrent = def && "PartitionCmd" in def && def.PartitionCmd.concurrent;
        return subtype === "AT_DetachPartition" && !concurrent;
      })
      .map(({ table, at }) => ({
        what: `Detaching a partition of \`${table}\` stops every reader and writer of all its partitions`,
        fix: isOnCitus(table, context.tables)
          ? "Citus refuses CONCURRENTLY: detach it in a file of its own, because the lock lasts an instant, and lock_timeout bounds the wait for it; then allow it here with that reason"
          : "Use DETACH PARTITION … CONCURRENTLY, in a file without a transaction",
        at,
      })),
};

function isOnCitus(table: string, { citus, kindOf }: TableFacts): boolean {
  return citus && ["tenant", "reference"].includes(kindOf(table) ?? "");
}
