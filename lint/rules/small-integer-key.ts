import { toColumn, typeOf } from "../../architecture/catalog/table-definition";
import { definedColumns } from "../ddl";
import type { Rule } from "../rule";

const small = new Set(["int2", "int4"]);

export const smallIntegerKey: Rule = {
  name: "small-integer-key",
  severity: "warning",
  harm: "A key that runs out of numbers stops every INSERT, and making it larger rewrites the table under a lock.",
  check: (statements, context) =>
    definedColumns(statements, context)
      .filter(({ column, at }) => small.has(toColumn(column, 0, at).type) && /^id$|_id$/.test(column.colname ?? ""))
      .map(({ table, column, at }) => ({
        what: `Key \`${table}.${column.colname}\` is of type ${typeOf(column.typeName)}: it runs out of numbers, and growing it rewrites the table`,
        fix: "Use bigint, or uuid",
        at,
      })),
};
