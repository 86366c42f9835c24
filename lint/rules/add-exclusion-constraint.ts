import { addedConstraints } from "../ddl";
import type { Rule } from "../rule";

export const addExclusionConstraint: Rule = {
  name: "add-exclusion-constraint",
  severity: "error",
  harm: "The index is built under an ACCESS EXCLUSIVE lock, and PostgreSQL cannot build it concurrently.",
  check: (statements, context) =>
    addedConstraints(statements, context)
      .filter(({ constraint }) => constraint.contype === "CONSTR_EXCLUSION")
      .map(({ table, at }) => ({
        what: `The index of this exclusion constraint of \`${table}\` is built under ACCESS EXCLUSIVE, never concurrently`,
        fix: "Create a new table with the constraint, write both, and copy the rows in batches",
        at,
      })),
};
