import type { AlterTableCmd, ColumnDef, Constraint, CreateStmt } from "libpg-query";
import type { Place } from "../problem";
import { relationName } from "../relation-name";
import { placeAt } from "../source";
import type { ParsedStatement } from "../sql-parser";
import { constraintsOf } from "../table-definition";
import type { FileContext, Finding } from "./rule";

/** One command of an ALTER TABLE on a table that holds rows. */
export interface Alteration {
  readonly table: string;
  readonly command: AlterTableCmd;
  readonly at: Place;
}

/** A column as CREATE TABLE or ADD COLUMN defines it. */
export interface DefinedColumn {
  readonly table: string;
  readonly column: ColumnDef;
  readonly at: Place;
}

/** The commands of every ALTER TABLE, but for tables that the file itself creates: those are empty. */
export function alterations(statements: readonly ParsedStatement[], { created, tables }: FileContext): Alteration[] {
  return statements.flatMap((statement) => {
    const { node } = statement;
    if (!("AlterTableStmt" in node) || node.AlterTableStmt.objtype !== "OBJECT_TABLE") return [];
    const table = relationName(node.AlterTableStmt.relation, tables.schema);
    if (created.has(table)) return [];
    return (node.AlterTableStmt.cmds ?? []).flatMap((each) => {
      if (!("AlterTableCmd" in each)) return [];
      const command = each.AlterTableCmd;
      return [{ table, command, at: placeOfCommand(statement, command) }];
    });
  });
}

/** Columns that are added to tables that hold rows. */
export function addedColumns(statements: readonly ParsedStatement[], context: FileContext): DefinedColumn[] {
  return alterations(statements, context).flatMap(({ table, command: { subtype, def }, at }) =>
    subtype === "AT_AddColumn" && def && "ColumnDef" in def ? [{ table, column: def.ColumnDef, at }] : [],
  );
}

/** Constraints that ALTER TABLE adds to tables that hold rows. */
export function addedConstraints(statements: readonly ParsedStatement[], context: FileContext) {
  return alterations(statements, context).flatMap(({ table, command: { subtype, def }, at }) =>
    subtype === "AT_AddConstraint" && def && "Constraint" in def ? [{ table, constraint: def.Constraint, at }] : [],
  );
}

/** Every column that a statement defines, in new tables too. */
export function definedColumns(statements: readonly ParsedStatement[], context: FileContext): DefinedColumn[] {
  const ofTables = statements.flatMap((statement) => {
    const { node } = statement;
    if (!("CreateStmt" in node) || node.CreateStmt.relation?.relpersistence === "t") return [];
    const create: CreateStmt = node.CreateStmt;
    return (create.tableElts ?? []).flatMap((element) =>
      "ColumnDef" in element
        ? [
            {
              table: relationName(create.relation, context.tables.schema),
              column: element.ColumnDef,
              at: statement.placeOf(element.ColumnDef.location),
            },
          ]
        : [],
    );
  });
  return [...ofTables, ...addedColumns(statements, { ...context, created: new Set() })];
}

/** Finds what is wrong with single statements. */
export function forEachStatement(
  statements: readonly ParsedStatement[],
  check: (statement: ParsedStatement, start: Place) => readonly Finding[],
): Finding[] {
  return statements.flatMap((statement) => check(statement, placeAt(statement.source, statement.start)));
}

/** The same for an application's own files: SQL of other origin, such as the toolkit's, keeps what they must leave alone. */
export function forEachMigrating(
  statements: readonly ParsedStatement[],
  { migration }: FileContext,
  check: (statement: ParsedStatement, start: Place) => readonly Finding[],
): Finding[] {
  return migration ? forEachStatement(statements, check) : [];
}

/** The names of the objects that a file creates. */
export function createdBy(statements: readonly ParsedStatement[], schema: string): Set<string> {
  const names = statements.flatMap(({ node }) => {
    if ("CreateStmt" in node) return relationName(node.CreateStmt.relation, schema);
    if ("CreateTableAsStmt" in node) return relationName(node.CreateTableAsStmt.into?.rel, schema);
    if ("ViewStmt" in node) return relationName(node.ViewStmt.view, schema);
    if ("IndexStmt" in node) return node.IndexStmt.idxname ?? [];
    return [];
  });
  return new Set(names);
}

export function findConstraint(column: ColumnDef, contype: Constraint["contype"]): Constraint | undefined {
  return constraintsOf(column).find((each) => each.contype === contype);
}

/** PostgreSQL keeps no place of a command itself, but of what it adds; else the name that it speaks of is looked for. */
export function placeOfCommand(statement: ParsedStatement, { def, name }: AlterTableCmd): Place {
  if (def && "ColumnDef" in def && def.ColumnDef.colname) return statement.placeOf(def.ColumnDef.location);
  if (def && "Constraint" in def) return statement.placeOf(def.Constraint.location);
  const token = statement.tokens.findLast(({ text }) => name !== undefined && unquoted(text) === name);
  return placeAt(statement.source, token?.start ?? statement.start);
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();
}
