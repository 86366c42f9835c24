import { forEachStatement, nameOf } from "./ddl";
import type { Rule } from "./rule";

export const renameTable: Rule = {
  name: "rename-table",
  severity: "error",
  harm: "Every statement of the running release that names the table fails from the rename on.",
  check: (statements, { created }) =>
    forEachStatement(statements, ({ node }, at) => {
      if (!("RenameStmt" in node)) return [];
      const { renameType, relation, newname } = node.RenameStmt;
      if (renameType !== "OBJECT_TABLE" && renameType !== "OBJECT_VIEW") return [];
      if (created.has(relation?.relname ?? "")) return [];
      return [
        {
          what: `Renaming \`${nameOf(relation)}\` breaks every running release that uses the name`,
          fix: `Create \`${newname}\` beside it, move readers and writers, and drop the old one in a later release`,
          at,
        },
      ];
    }),
};
