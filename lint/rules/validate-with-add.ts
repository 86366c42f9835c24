import { alterations } from "../ddl";
import type { Rule } from "../rule";

export const validateWithAdd: Rule = {
  name: "validate-with-add",
  severity: "error",
  harm: "A constraint that is validated in the transaction that added it holds that transaction's lock during the whole check.",
  check: (statements, context) => {
    if (!context.transaction) return [];
    const all = alterations(statements, context);
    const added = new Set(
      all.flatMap(({ command: { def } }) => (def && "Constraint" in def ? [def.Constraint.conname] : [])),
    );
    return all
      .filter(({ command }) => command.subtype === "AT_ValidateConstraint" && added.has(command.name))
      .map(({ table, command, at }) => ({
        what: `Constraint \`${command.name}\` of \`${table}\` is validated under the lock of the ALTER that added it`,
        fix: "Move VALIDATE CONSTRAINT into the next file",
        at,
      }));
  },
};
