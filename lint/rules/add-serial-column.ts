import { toColumn } from "../../architecture/catalog/table-definition";
import { addedColumns, findConstraint } from "../ddl";
import type { Rule } from "../rule";

export const addSerialColumn: Rule = {
  name: "add-serial-column",
  severity: "error",
  harm: "PostgreSQL numbers all existing rows, and builds a key's index, under an ACCESS EXCLUSIVE lock.",
  check: (statements, context) =>
    addedColumns(statements, context)
      .filter(({ column, at }) => toColumn(column, 0, at).sequence || findConstraint(column, "CONSTR_PRIMARY"))
      .map(({ table, column, at }) => ({
        what: `Column \`${table}.${column.colname}\` is numbered or indexed for every row under ACCESS EXCLUSIVE`,
        fix: "Add a plain column, fill it in batches, build its unique index CONCURRENTLY, then make that the key",
        at,
      })),
};
