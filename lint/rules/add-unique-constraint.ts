import { addedColumns, addedConstraints, findConstraint } from "../ddl";
import type { Rule } from "../rule";
import { isPartitioned, uniqueOnPartitioned } from "./refused-on-partitioned";

export const addUniqueConstraint: Rule = {
  name: "add-unique-constraint",
  severity: "error",
  harm: "The index is built under an ACCESS EXCLUSIVE lock.",
  check: (statements, context) => {
    const constraints = addedConstraints(statements, context)
      .filter(
        ({ constraint: { contype, indexname } }) =>
          (contype === "CONSTR_UNIQUE" || contype === "CONSTR_PRIMARY") && !indexname,
      )
      .map(({ table, at }) => ({ table, at }));
    const columns = addedColumns(statements, context).filter(({ column }) => findConstraint(column, "CONSTR_UNIQUE"));
    return [...constraints, ...columns].map(({ table, at }) => ({
      what: `The index of this key of \`${table}\` is built under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
      fix: isPartitioned(table, context.tables)
        ? uniqueOnPartitioned
        : "Build it with CREATE UNIQUE INDEX CONCURRENTLY in a file without a transaction, then ADD CONSTRAINT … USING INDEX",
      at,
    }));
  },
};
