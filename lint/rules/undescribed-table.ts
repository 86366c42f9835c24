import type { Node, RangeVar } from "libpg-query";
import { relationName } from "../../architecture/sql/relation-name";
import { forEachMigrating } from "../ddl";
import type { Rule } from "../rule";

export const undescribedTable: Rule = {
  name: "undescribed-table",
  severity: "error",
  harm: "A table that architecture.yaml doesn't name is neither isolated nor distributed, and every preview refuses it.",
  aboutFiles: true,
  check: (statements, context) =>
    forEachMigrating(statements, context, ({ node, placeOf }) => {
      const relation = createdTable(node);
      const name = relationName(relation, context.tables.schema);
      if (!relation || relation.relpersistence === "t" || name !== relation.relname) return [];
      // A table that a later statement drops needs no description.
      const isLeft = !("CreateStmt" in node) || context.tables.catalog.tables.has(name);
      if (!isLeft || !context.tables.isUndescribed(name)) return [];
      return [
        {
          what: `Table \`${name}\` is not in architecture.yaml: nothing says whose its rows are`,
          fix: `Add it under \`tables\`: \`${JSON.stringify(name)}: { tenant: true }\`, or \`reference\` or \`local\``,
          at: placeOf(relation.location),
        },
      ];
    }),
};

/** The table that a statement creates. A partition belongs to its parent table. */
function createdTable(node: Node): RangeVar | undefined {
  if ("CreateStmt" in node) return node.CreateStmt.partbound ? undefined : node.CreateStmt.relation;
  if ("SelectStmt" in node) return node.SelectStmt.intoClause?.rel;
  const isTable = "CreateTableAsStmt" in node && node.CreateTableAsStmt.objtype === "OBJECT_TABLE";
  return isTable ? node.CreateTableAsStmt.into?.rel : undefined;
}
