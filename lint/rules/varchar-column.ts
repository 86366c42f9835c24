import { typeOf } from "../../architecture/catalog/table-definition";
import { definedColumns } from "../ddl";
import type { Rule } from "../rule";

export const varcharColumn: Rule = {
  name: "varchar-column",
  severity: "warning",
  harm: "A limit in the type can only be changed with ALTER TYPE, which locks the table.",
  check: (statements, context) =>
    definedColumns(statements, context)
      .filter(
        ({ column }) =>
          typeOf(column.typeName).replace("[]", "") === "varchar" && (column.typeName?.typmods?.length ?? 0) > 0,
      )
      .map(({ table, column, at }) => ({
        what: `The limit of \`${table}.${column.colname}\` can only be changed under ACCESS EXCLUSIVE`,
        fix: "Use text with a CHECK on its length, which can be replaced NOT VALID",
        at,
      })),
};
