import { addedColumns, findConstraint } from "../ddl";
import type { Rule } from "../rule";

export const addRequiredColumn: Rule = {
  name: "add-required-column",
  severity: "error",
  harm: "Every INSERT of the running release, which does not know the column, fails; on a table with rows the ALTER itself fails.",
  check: (statements, context) =>
    addedColumns(statements, context)
      .filter(
        ({ column }) =>
          findConstraint(column, "CONSTR_NOTNULL") &&
          !["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"].some((each) =>
            column.constraints?.some((node) => "Constraint" in node && node.Constraint.contype === each),
          ),
      )
      .map(({ table, column, at }) => ({
        what: `Column \`${table}.${column.colname}\` is NOT NULL without a default: INSERTs of the running release fail`,
        fix: "Give it a constant DEFAULT, or add it without NOT NULL and require it in a later release",
        at,
      })),
};
