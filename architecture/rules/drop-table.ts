import { nameOfParts } from "../relation-name";
import { strings } from "../table-definition";
import { forEachStatement } from "./ddl";
import type { Rule } from "./rule";

export const dropTable: Rule = {
  name: "drop-table",
  severity: "error",
  harm: "A table that is dropped takes its rows with it, and breaks every running release that uses it.",
  check: (statements, { created, tables }) =>
    forEachStatement(statements, ({ node }, at) => {
      if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_TABLE") return [];
      return (node.DropStmt.objects ?? []).flatMap((each) => {
        const name = "List" in each ? nameOfParts(strings(each.List.items), tables.schema) : "";
        if (created.has(name)) return [];
        return [
          {
            what: `Dropping table \`${name}\` loses its rows, and breaks every running release that uses it`,
            fix: "Drop it in a release of its own, once nothing uses it: then allow it here, with that reason",
            at,
          },
        ];
      });
    }),
};
