import { relationName } from "../../architecture/sql/relation-name";
import { forEachStatement, isNew } from "../ddl";
import type { Rule } from "../rule";

export const renameColumn: Rule = {
  name: "rename-column",
  severity: "error",
  harm: "Every statement of the running release that names the column fails from the rename on.",
  check: (statements, context) =>
    forEachStatement(statements, (statement, at) => {
      const { node } = statement;
      if (!("RenameStmt" in node) || node.RenameStmt.renameType !== "OBJECT_COLUMN") return [];
      const { relation, subname, newname } = node.RenameStmt;
      const table = relationName(relation, context.tables.schema);
      if (isNew(table, statement, context)) return [];
      return [
        {
          what: `Renaming \`${table}.${subname}\` breaks every running release that uses the name`,
          fix: `Write it as a schema change that serves both releases: \`tenantry evolve draft FILE\` writes the file that adds \`${newname}\` and drops \`${subname}\` last`,
          at,
        },
      ];
    }),
};
