import { relationName } from "../../architecture/sql/relation-name";
import { forEachStatement, isMadeAgain, isNew } from "../ddl";
import { relations } from "../object-kinds";
import type { Rule } from "../rule";

export const renameTable: Rule = {
  name: "rename-table",
  severity: "error",
  harm: "Every statement of the running release that names the table fails from the rename on.",
  check: (statements, context) =>
    forEachStatement(statements, (statement, at) => {
      const { node } = statement;
      const moved = "AlterObjectSchemaStmt" in node && node.AlterObjectSchemaStmt;
      const { renameType, relation, newname } = moved
        ? { ...moved, renameType: moved.objectType, newname: `${moved.newschema}.${moved.relation?.relname}` }
        : "RenameStmt" in node
          ? node.RenameStmt
          : {};
      if (!relations.has(renameType)) return [];
      const table = relationName(relation, context.tables.schema);
      if (isNew(table, statement, context) || isMadeAgain(table, context)) return [];
      return [
        {
          what: `${moved ? "Moving" : "Renaming"} \`${table}\` breaks every running release that uses the name`,
          fix: `Create \`${newname}\` beside it, move readers and writers, and drop the old one in a later release`,
          at,
        },
      ];
    }),
};
