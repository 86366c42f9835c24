import { typeOf } from "../../architecture/catalog/table-definition";
import { definedColumns } from "../ddl";
import type { Rule } from "../rule";

export const charColumn: Rule = {
  name: "char-column",
  severity: "error",
  harm: "char(n) pads with blanks, which compare and count in surprising ways.",
  check: (statements, context) =>
    definedColumns(statements, context)
      .filter(({ column }) => typeOf(column.typeName).replace("[]", "") === "bpchar")
      .map(({ table, column, at }) => ({
        what: `\`${table}.${column.colname}\` is char(n): PostgreSQL pads it with blanks`,
        fix: "Use text, with a CHECK on its length where that matters",
        at,
      })),
};
