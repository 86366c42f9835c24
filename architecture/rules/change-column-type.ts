import type { AlterTableCmd } from "libpg-query";
import { toColumn } from "../table-definition";
import { alterations } from "./ddl";
import type { Finding, Rule, TableFacts } from "./rule";
import { isWidening } from "./widening";

export const changeColumnType: Rule = {
  name: "change-column-type",
  severity: "error",
  harm: "PostgreSQL rewrites the table and its indexes under an ACCESS EXCLUSIVE lock, and every running release meets another type.",
  check: (statements, context) =>
    alterations(statements, context)
      .filter(({ command }) => command.subtype === "AT_AlterColumnType")
      .flatMap(({ table, command, at }): Finding[] => {
        if (!widens(command, context.tables)) {
          return [
            {
              what: `Changing the type of \`${table}.${command.name}\` rewrites the table under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
              fix: "Add a column of the new type, write both, backfill, switch the readers, and drop the old one later",
              at,
            },
          ];
        }
        if (!context.tables.catalog.before.get(command)?.isChecked) return [];
        return [
          {
            what: `Another type of \`${table}.${command.name}\` has its CHECK read every row under ACCESS EXCLUSIVE: nobody reads or writes it meanwhile`,
            fix: "Drop the CHECK in the file before, and add it again NOT VALID in the one after, then VALIDATE it",
            at,
          },
        ];
      }),
};

/** USING and COLLATE may compute, and sort, anew. */
function widens(command: AlterTableCmd, { catalog }: TableFacts): boolean {
  const before = catalog.before.get(command)?.column;
  const { def } = command;
  if (!before || !def || !("ColumnDef" in def) || def.ColumnDef.raw_default || def.ColumnDef.collClause) return false;
  return isWidening(before, toColumn(def.ColumnDef, 0, before.at));
}
