import { strings } from "../../architecture/catalog/table-definition";
import { nameOfParts } from "../../architecture/sql/relation-name";
import { forEachStatement, isNew } from "../ddl";
import type { Rule } from "../rule";

const tables: ReadonlySet<string | undefined> = new Set(["OBJECT_TABLE", "OBJECT_FOREIGN_TABLE"]);

export const dropTable: Rule = {
  name: "drop-table",
  severity: "error",
  harm: "A table that is dropped takes its rows with it, and breaks every running release that uses it.",
  check: (statements, context) =>
    forEachStatement(statements, (statement, at) => {
      const { node } = statement;
      if (!("DropStmt" in node) || !tables.has(node.DropStmt.removeType)) return [];
      return (node.DropStmt.objects ?? []).flatMap((each) => {
        const name = "List" in each ? nameOfParts(strings(each.List.items), context.tables.schema) : "";
        if (isNew(name, statement, context)) return [];
        return [
          {
            what: `Dropping table \`${name}\` loses its rows, and breaks every running release that uses it`,
            fix: "Drop it in a later release, once nothing uses it, and allow it here with that reason",
            at,
          },
        ];
      });
    }),
};
