import type { AlterTableCmd, ColumnDef, Constraint, CreateStmt, Node } from "libpg-query";
import { constraintsOf, strings } from "../architecture/catalog/table-definition";
import { nameOfParts, relationName } from "../architecture/sql/relation-name";
import { nameParts } from "../architecture/sql/running-statements";
import type { ParsedStatement } from "../architecture/sql/sql-parser";
import type { Place } from "../common/problem";
import { placeAt } from "../common/source";
import { objectKey, objectKinds, relations } from "./object-kinds";
import type { FileContext, Finding, TableFacts } from "./rule";

/** One command of an ALTER TABLE on a table that holds rows. */
interface Alteration {
  readonly table: string;
  readonly command: AlterTableCmd;
  readonly statement: ParsedStatement;
  readonly at: Place;
}

/** A column as CREATE TABLE or ADD COLUMN defines it. */
interface DefinedColumn {
  readonly table: string;
  readonly column: ColumnDef;
  readonly at: Place;
}

/**
 * The commands of every ALTER TABLE on tables that hold rows. Tables that the file itself creates are empty, and left
 * out.
 */
export function alterations(statements: readonly ParsedStatement[], context: FileContext): Alteration[] {
  return statements.flatMap((statement) => {
    const { node } = statement;
    if (!("AlterTableStmt" in node) || node.AlterTableStmt.objtype !== "OBJECT_TABLE") return [];
    const table = relationName(node.AlterTableStmt.relation, context.tables.schema);
    if (isNew(table, statement, context)) return [];
    return (node.AlterTableStmt.cmds ?? []).flatMap((each) => {
      if (!("AlterTableCmd" in each)) return [];
      const command = each.AlterTableCmd;
      return [{ table, command, statement, at: placeOfCommand(statement, command) }];
    });
  });
}

/** Columns added to tables that hold rows. */
export function addedColumns(statements: readonly ParsedStatement[], context: FileContext): DefinedColumn[] {
  return alterations(statements, context).flatMap(({ table, command: { subtype, def }, at }) =>
    subtype === "AT_AddColumn" && def && "ColumnDef" in def ? [{ table, column: def.ColumnDef, at }] : [],
  );
}

/** Constraints added by ALTER TABLE to tables that hold rows. */
export function addedConstraints(statements: readonly ParsedStatement[], context: FileContext) {
  return alterations(statements, context).flatMap(({ table, command: { subtype, def }, at }) =>
    subtype === "AT_AddConstraint" && def && "Constraint" in def ? [{ table, constraint: def.Constraint, at }] : [],
  );
}

/** Every column that a statement defines, also in new tables. */
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
  return [...ofTables, ...addedColumns(statements, { ...context, created: new Map() })];
}

/** Findings on single statements. */
export function forEachStatement(
  statements: readonly ParsedStatement[],
  check: (statement: ParsedStatement, start: Place) => readonly Finding[],
): Finding[] {
  return statements.flatMap((statement) => check(statement, placeAt(statement.source, statement.start)));
}

/**
 * Findings on single statements of an application's own files. Other SQL, such as the toolkit's, may do things that
 * those files must not.
 */
export function forEachMigrating(
  statements: readonly ParsedStatement[],
  { migration }: FileContext,
  check: (statement: ParsedStatement, start: Place) => readonly Finding[],
): Finding[] {
  return migration ? forEachStatement(statements, check) : [];
}

/**
 * The names of the objects that a file creates, each with the offset of its first creation. An object of the file's own
 * has its later names too.
 */
export function createdBy(
  statements: readonly ParsedStatement[],
  { schema, catalog }: Pick<TableFacts, "schema" | "catalog">,
): Map<string, number> {
  const created = new Map<string, number>();
  for (const statement of statements) {
    const { node, source } = statement;
    const renamed = renamedObject(node, schema);
    const name = renamed && created.has(renamed.from) ? renamed.to : createdName(node, schema);
    if (name === undefined || created.has(name)) continue;
    const first = catalog.firstFiles.get(name) ?? source.path;
    const isOlder = "CreateStmt" in node && node.CreateStmt.if_not_exists && first !== source.path;
    if (!isOlder) created.set(name, statement.start);
  }
  return created;
}

function createdName(node: Node, schema: string): string | undefined {
  const of = (kind: string, names: readonly Node[] | undefined) => `${kind} ${nameOfParts(strings(names), schema)}`;
  if ("CreateStmt" in node) return relationName(node.CreateStmt.relation, schema);
  if ("CreateTableAsStmt" in node) return relationName(node.CreateTableAsStmt.into?.rel, schema);
  if ("ViewStmt" in node) return relationName(node.ViewStmt.view, schema);
  if ("CreateSeqStmt" in node) return relationName(node.CreateSeqStmt.sequence, schema);
  if ("IndexStmt" in node) return node.IndexStmt.idxname;
  if ("CreateFunctionStmt" in node) return of("function", node.CreateFunctionStmt.funcname);
  if ("CreateEnumStmt" in node) return of("type", node.CreateEnumStmt.typeName);
  if ("CreateRangeStmt" in node) return of("type", node.CreateRangeStmt.typeName);
  if ("CreateDomainStmt" in node) return of("type", node.CreateDomainStmt.domainname);
  if ("CompositeTypeStmt" in node) return `type ${relationName(node.CompositeTypeStmt.typevar, schema)}`;
  if ("CreateSchemaStmt" in node) return `schema ${node.CreateSchemaStmt.schemaname}`;
  if ("CreateExtensionStmt" in node) return `extension ${node.CreateExtensionStmt.extname}`;
  return undefined;
}

/** The keys of an object before and after a rename; undefined for other statements. */
export function renamedObject(node: Node, schema: string): { readonly from: string; readonly to: string } | undefined {
  if (!("RenameStmt" in node)) return undefined;
  const { renameType = "", relation, object, newname = "" } = node.RenameStmt;
  if (relations.has(renameType)) {
    return { from: relationName(relation, schema), to: relationName({ ...relation, relname: newname }, schema) };
  }
  const found = objectKinds[renameType];
  const parts = object ? nameParts(object) : [];
  if (!found || parts.length === 0) return undefined;
  const key = (names: readonly string[]) => objectKey(found, nameOfParts(names, schema));
  return { from: key(parts), to: key([...parts.slice(0, -1), newname]) };
}

/**
 * True if the file's transaction ends with an object of that name, of the file's own: others see no moment without one.
 */
export function isMadeAgain(name: string, { transaction, created }: Pick<FileContext, "transaction" | "created">) {
  return transaction && created.has(name);
}

/** True if the file has already created the object when the statement runs. */
export function isNew(
  name: string,
  statement: Pick<ParsedStatement, "start">,
  { created }: Pick<FileContext, "created">,
): boolean {
  const from = created.get(name);
  return from !== undefined && from <= statement.start;
}

export function findConstraint(column: ColumnDef, contype: Constraint["contype"]): Constraint | undefined {
  return constraintsOf(column).find((each) => each.contype === contype);
}

/**
 * The place of a command. PostgreSQL records no place of the command itself, so this is the place of the element that
 * it adds, or else of the name in the text.
 */
export function placeOfCommand(statement: ParsedStatement, { def, name }: AlterTableCmd): Place {
  if (def && "ColumnDef" in def && def.ColumnDef.colname) return statement.placeOf(def.ColumnDef.location);
  if (def && "Constraint" in def) return statement.placeOf(def.Constraint.location);
  const token = statement.tokens.findLast(({ text }) => name !== undefined && unquoted(text) === name);
  return placeAt(statement.source, token?.start ?? statement.start);
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();
}
