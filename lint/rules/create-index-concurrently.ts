import { relationName } from "../../architecture/sql/relation-name";
import { forEachStatement, isNew } from "../ddl";
import type { Rule } from "../rule";
import { isPartitioned } from "./refused-on-partitioned";

export const createIndexConcurrently: Rule = {
  name: "create-index-concurrently",
  severity: "error",
  harm: "Building an index takes a SHARE lock: nobody writes the table until it is done.",
  check: (statements, context) =>
    forEachStatement(statements, (statement, at) => {
      const { node } = statement;
      if (!("IndexStmt" in node)) return [];
      const { relation, concurrent } = node.IndexStmt;
      const table = relationName(relation, context.tables.schema);
      // ON ONLY creates an empty index of a partitioned table, to which the indexes of the partitions are attached.
      if (concurrent || relation?.inh !== true || isNew(table, statement, context)) return [];
      return [
        {
          what: `Building this index stops writes to \`${table}\` (SHARE lock) until it is done`,
          fix: `Write CREATE INDEX CONCURRENTLY IF NOT EXISTS in a file without a transaction${
            isPartitioned(table, context.tables) ? ", which `up` builds partition by partition" : ""
          }`,
          at,
        },
      ];
    }),
};
