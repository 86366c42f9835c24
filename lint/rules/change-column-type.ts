import type { AlterTableCmd, TypeName } from "libpg-query";
import { modifiersOf, strings, toColumn, typeOf } from "../../architecture/catalog/table-definition";
import { alterations } from "../ddl";
import type { Finding, Rule, TableFacts } from "../rule";
import { isWidening } from "../widening";

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
              fix: "Write it as a schema change that serves both releases: `tenantry evolve draft FILE` writes the file that adds a column of the new type and drops the old one last",
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

/**
 * True if the new type stores every value alike. COLLATE may change the order. USING may compute, unless it only
 * repeats the column, perhaps with the new type.
 */
function widens(command: AlterTableCmd, { catalog }: TableFacts): boolean {
  const before = catalog.before.get(command)?.column;
  const { def } = command;
  if (!before || !def || !("ColumnDef" in def) || def.ColumnDef.collClause) return false;
  const { raw_default: using, typeName } = def.ColumnDef;
  const value =
    using && "TypeCast" in using && isSameType(using.TypeCast.typeName, typeName) ? using.TypeCast.arg : using;
  const isColumn = value && "ColumnRef" in value && strings(value.ColumnRef.fields).at(-1) === before.name;
  if (using && !isColumn) return false;
  return isWidening(before, toColumn(def.ColumnDef, 0, before.at));
}

function isSameType(a: TypeName | undefined, b: TypeName | undefined): boolean {
  return typeOf(a) === typeOf(b) && JSON.stringify(modifiersOf(a)) === JSON.stringify(modifiersOf(b));
}
