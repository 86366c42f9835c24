import { outsideTransaction } from "../../architecture/sql/outside-transaction";
import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const concurrentlyInTransaction: Rule = {
  name: "concurrently-in-transaction",
  severity: "error",
  harm: "PostgreSQL refuses CONCURRENTLY, VACUUM, CREATE DATABASE and their like inside a transaction: the migration fails.",
  aboutFiles: true,
  check: (statements, { transaction }) =>
    forEachStatement(statements, ({ node, inBlock }, at) => {
      const refused = transaction || inBlock ? outsideTransaction(node) : undefined;
      if (refused === undefined) return [];
      return [
        {
          what: `${refused} fails here: the ${inBlock ? "block" : "file"} runs in one transaction`,
          fix: "Move it into a file of its own whose first line is `-- tenantry: no transaction`",
          at,
        },
      ];
    }),
};
