import { addedColumns, addedConstraints, findConstraint } from "../ddl";
import type { Rule } from "../rule";
import { foreignKeyOnPartitioned, isPartitioned } from "./refused-on-partitioned";

export const addForeignKey: Rule = {
  name: "add-foreign-key",
  severity: "error",
  harm: "The whole table is checked while SHARE ROW EXCLUSIVE locks keep both tables from being written.",
  check: (statements, context) => {
    const constraints = addedConstraints(statements, context)
      .filter(({ constraint }) => constraint.contype === "CONSTR_FOREIGN" && !constraint.skip_validation)
      .map(({ table, at }) => ({ table, at }));
    const columns = addedColumns(statements, context).filter(({ column }) => findConstraint(column, "CONSTR_FOREIGN"));
    return [...constraints, ...columns].map(({ table, at }) => ({
      what: `This foreign key of \`${table}\` stops writes to both tables (SHARE ROW EXCLUSIVE) while every row is checked`,
      fix: isPartitioned(table, context.tables)
        ? foreignKeyOnPartitioned
        : "Add it with NOT VALID, and VALIDATE CONSTRAINT in a later file",
      at,
    }));
  },
};
