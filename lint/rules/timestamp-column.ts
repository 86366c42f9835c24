import { typeOf } from "../../architecture/catalog/table-definition";
import { definedColumns } from "../ddl";
import type { Rule } from "../rule";

export const timestampColumn: Rule = {
  name: "timestamp-column",
  severity: "warning",
  harm: "Readers with different settings take a timestamp without its time zone for different moments.",
  check: (statements, context) =>
    definedColumns(statements, context)
      .filter(({ column }) => typeOf(column.typeName).replace("[]", "") === "timestamp")
      .map(({ table, column, at }) => ({
        what: `\`${table}.${column.colname}\` keeps a time without its zone: readers take it for different moments`,
        fix: "Use timestamptz",
        at,
      })),
};
