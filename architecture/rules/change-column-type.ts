import { alterations } from "./ddl";
import type { Rule } from "./rule";

export const changeColumnType: Rule = {
  name: "change-column-type",
  severity: "error",
  harm: "PostgreSQL rewrites the table and its indexes under an ACCESS EXCLUSIVE lock, and every running release meets another type.",
  check: (statements, context) =>
    alterations(statements, context)
      .filter(({ command }) => command.subtype === "AT_AlterColumnType")
      .map(({ table, command: { name }, at }) => ({
        what: `Changing the type of \`${table}.${name}\` rewrites the table under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
        fix: "Add a column of the new type, write both, backfill, switch the readers, and drop the old one later",
        at,
      })),
};
