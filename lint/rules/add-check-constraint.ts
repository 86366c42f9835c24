import { addedColumns, addedConstraints, findConstraint } from "../ddl";
import type { Rule } from "../rule";

export const addCheckConstraint: Rule = {
  name: "add-check-constraint",
  severity: "error",
  harm: "Every row is checked under an ACCESS EXCLUSIVE lock.",
  check: (statements, context) =>
    [
      ...addedConstraints(statements, context)
        .filter(({ constraint }) => constraint.contype === "CONSTR_CHECK" && !constraint.skip_validation)
        .map((each) => ({ ...each, fix: "Add it" })),
      ...addedColumns(statements, context)
        .filter(({ column }) => findConstraint(column, "CONSTR_CHECK"))
        .map((each) => ({ ...each, fix: "Add the column without it, then the CHECK" })),
    ].map(({ table, fix, at }) => ({
      what: `This check of \`${table}\` reads every row under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
      fix: `${fix} with NOT VALID, and VALIDATE CONSTRAINT in a later file`,
      at,
    })),
};
