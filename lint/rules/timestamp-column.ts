import { typeOf } from "../../architecture/catalog/table-definition";
import { definedColumns } from "../ddl";
import type { Rule } from "../rule";

export const timestampColumn: Rule = {
  name: "timestamp-column",
  severity: "warning",
  harm: "A timestamp without its time zone is another moment for every reader with another setting.",
  check: (statements, context) =>
    definedColumns(statements, context)
      .filter(({ column }) => typeOf(column.typeName).replace("[]", "") === "timestamp")
      .map(({ table, column, at }) => ({
        what: `\`${table}.${column.colname}\` keeps a time without its zone: readers take it for different moments`,
        fix: "Use timestamptz",
        at,
      })),
};
