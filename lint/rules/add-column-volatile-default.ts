import type { FuncCall } from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { nodesOf } from "../../architecture/sql/tree";
import { addedColumns, findConstraint } from "../ddl";
import type { Rule } from "../rule";

/** Functions that return the same value for the whole statement, so that PostgreSQL stores it once. */
const stable = new Set(["now", "transaction_timestamp", "statement_timestamp", "current_setting", "current_tenant"]);

export const addColumnVolatileDefault: Rule = {
  name: "add-column-volatile-default",
  severity: "error",
  harm: "A default that differs from row to row is written into every row under an ACCESS EXCLUSIVE lock.",
  check: (statements, context) =>
    addedColumns(statements, context).flatMap(({ table, column, at }) => {
      const value = findConstraint(column, "CONSTR_DEFAULT")?.raw_expr;
      const functions = nodesOf<FuncCall>(value, "FuncCall").map(({ funcname }) => strings(funcname).at(-1) ?? "");
      const volatile = functions.find((name) => !stable.has(name));
      if (!volatile && !findConstraint(column, "CONSTR_GENERATED")) return [];
      const cause = volatile ? `The default ${volatile}()` : "The generated value";
      return [
        {
          what: `${cause} of \`${table}.${column.colname}\` is written into every row under ACCESS EXCLUSIVE`,
          fix: "Add the column without it, set the default in a second ALTER, and backfill in batches",
          at,
        },
      ];
    }),
};
