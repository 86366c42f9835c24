import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, UpdateStmt } from "libpg-query";
import { primaryKey } from "../../architecture/catalog/catalog";
import { pinnedColumns } from "../../architecture/sql/conditions";
import { relationName } from "../../architecture/sql/relation-name";
import type { ParsedStatement } from "../../architecture/sql/sql-parser";
import { nodesOf } from "../../architecture/sql/tree";
import { forEachStatement, isNew } from "../ddl";
import type { FileContext, Rule } from "../rule";

export const backfillWithDdl: Rule = {
  name: "backfill-with-ddl",
  severity: "error",
  harm: "A backfill in the transaction of an ALTER TABLE or a similar command holds that command's lock until every row is written.",
  aboutFiles: true,
  check: (statements, context) => {
    if (!context.transaction) return [];
    const locked = statements.flatMap((statement) => lockedTable(statement, context) ?? [])[0];
    if (locked === undefined) return [];
    return forEachStatement(statements, (statement, at) =>
      manyRowsOf(statement, context).map(({ verb, rows, table }) => ({
        what: `${verb} of ${rows} \`${table}\` runs in the transaction that locks \`${locked}\`: nobody gets past the lock until it ends`,
        fix: "Move it into the next file, without a transaction, in batches: a DO block that loops, and commits after each",
        at,
      })),
    );
  },
};

/** The table in use that a statement locks until the end of the file. */
function lockedTable(statement: ParsedStatement, context: FileContext): string | undefined {
  const { node } = statement;
  const relation = lockedRelation(node);
  if (!relation) return undefined;
  const name = relationName(relation, context.tables.schema);
  return isNew(name, statement, context) ? undefined : name;
}

function lockedRelation(node: Node): RangeVar | undefined {
  if ("AlterTableStmt" in node) {
    const { relation, cmds = [], objtype } = node.AlterTableStmt;
    const locks = cmds.some(
      (each) => "AlterTableCmd" in each && each.AlterTableCmd.subtype !== "AT_ValidateConstraint",
    );
    return objtype === "OBJECT_TABLE" && locks ? relation : undefined;
  }
  if ("IndexStmt" in node) return node.IndexStmt.concurrent ? undefined : node.IndexStmt.relation;
  if ("RenameStmt" in node) return node.RenameStmt.relation;
  return "CreateTrigStmt" in node ? node.CreateTrigStmt.relation : undefined;
}

interface ManyRows {
  readonly verb: string;
  readonly rows: "all rows of" | "the rows that WHERE finds in";
  readonly table: string;
}

/**
 * The changes of many rows of tables in use. Single rows, batches and the few rows of reference tables do not count.
 */
function manyRowsOf(statement: ParsedStatement, context: FileContext): ManyRows[] {
  const { node } = statement;
  if ("CreateFunctionStmt" in node || "DoStmt" in node) return [];
  const { tables } = context;
  const isInUse = (relation: RangeVar | undefined) => {
    const name = relationName(relation, tables.schema);
    return !isNew(name, statement, context) && tables.kindOf(name) !== "reference";
  };
  const many = (verb: string, { relation, whereClause }: Pick<UpdateStmt, "relation" | "whereClause">): ManyRows[] => {
    const table = relationName(relation, tables.schema);
    const known = tables.catalog.tables.get(table);
    const key = (known && primaryKey(known)?.columns) ?? ["id"];
    const pinned = pinnedColumns(whereClause);
    const isBatch = nodesOf([whereClause], "SelectStmt").some((each) => (each as { limitCount?: Node }).limitCount);
    return !isInUse(relation) || isBatch || key.every((column) => pinned.has(column))
      ? []
      : [{ verb, rows: whereClause ? "the rows that WHERE finds in" : "all rows of", table }];
  };
  return [
    ...nodesOf<UpdateStmt>(node, "UpdateStmt").flatMap((each) => many("UPDATE", each)),
    ...nodesOf<DeleteStmt>(node, "DeleteStmt").flatMap((each) => many("DELETE", each)),
    ...nodesOf<MergeStmt>(node, "MergeStmt").flatMap(({ relation }) => many("MERGE", relation ? { relation } : {})),
    ...nodesOf<InsertStmt>(node, "InsertStmt").flatMap(({ selectStmt }) =>
      nodesOf<RangeVar>([selectStmt], "RangeVar")
        .filter(isInUse)
        .slice(0, 1)
        .map((read) => ({
          verb: "INSERT … SELECT",
          rows: "all rows of" as const,
          table: relationName(read, tables.schema),
        })),
    ),
  ];
}
