import { alterations } from "../ddl";
import type { Rule } from "../rule";

export const setNotNull: Rule = {
  name: "set-not-null",
  severity: "error",
  harm: "SET NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock.",
  check: (statements, context) =>
    alterations(statements, context)
      .filter(({ command }) => command.subtype === "AT_SetNotNull")
      // PostgreSQL trusts a validated CHECK, and reads no rows.
      .filter(({ command }) => !context.tables.catalog.before.get(command)?.isProvenNotNull)
      .map(({ table, command: { name }, at }) => ({
        what: `SET NOT NULL on \`${table}.${name}\` reads the whole table under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
        fix: "Add CHECK (column IS NOT NULL) NOT VALID, VALIDATE it in a later file, then SET NOT NULL, which trusts it",
        at,
      })),
};
