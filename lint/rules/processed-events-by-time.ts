import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const processedEventsByTime: Rule = {
  name: "processed-events-by-time",
  severity: "error",
  harm: "A unique key of a table partitioned by time contains the time, so the table accepts the same event twice.",
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      if (!("CreateStmt" in node)) return [];
      const { relation, partspec } = node.CreateStmt;
      if (!/processed_?events?|idempotency/i.test(relation?.relname ?? "")) return [];
      if (partspec?.strategy !== "PARTITION_STRATEGY_RANGE") return [];
      return [
        {
          what: `\`${relation?.relname}\` is partitioned by time: its key cannot reject a redelivered event`,
          fix: "Leave PARTITION BY out, or use tenantry.process_once()",
          at,
        },
      ];
    }),
};
