import { relationName } from "../relation-name";
import { forEachStatement } from "./ddl";
import type { Rule } from "./rule";

export const renameTable: Rule = {
  name: "rename-table",
  severity: "error",
  harm: "Every statement of the running release that names the table fails from the rename on.",
  check: (statements, { created, tables }) =>
    forEachStatement(statements, ({ node }, at) => {
      const moved = "AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt;
      const { renameType, relation, newname } = moved
        ? { ...moved, renameType: moved.objectType, newname: `${moved.newschema}.${moved.relation?.relname}` }
        : "RenameStmt" in node
          ? node.RenameStmt
          : {};
      if (renameType !== "OBJECT_TABLE" && renameType !== "OBJECT_VIEW") return [];
      const table = relationName(relation, tables.schema);
      if (created.has(table)) return [];
      return [
        {
          what: `${moved ? "Moving" : "Renaming"} \`${table}\` breaks every running release that uses the name`,
          fix: `Create \`${newname}\` beside it, move readers and writers, and drop the old one in a later release`,
          at,
        },
      ];
    }),
};
