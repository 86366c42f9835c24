import type {
  AlterObjectSchemaStmt,
  CreateStmt,
  DefElem,
  DropStmt,
  IndexStmt,
  Node,
  RenameStmt,
  TableLikeClause,
} from "libpg-query";
import type { Place, Problem } from "../../common/problem";
import { sameText } from "../sql/conditions";
import { nameOfParts } from "../sql/relation-name";
import type { ParsedSql, ParsedStatement } from "../sql/sql-parser";
import { type Catalog, type CatalogTable, isNotNull } from "./catalog";
import { alterTable } from "./catalog-alteration";
import { CatalogDraft, foreignTable } from "./catalog-draft";
import { dropKeys, dropTable, renameColumn, replaceAll, withPrimaryKeys } from "./catalog-edits";
import { strings } from "./table-definition";
import { readView } from "./view-definition";

const strategies = {
  PARTITION_STRATEGY_RANGE: "range",
  PARTITION_STRATEGY_LIST: "list",
  PARTITION_STRATEGY_HASH: "hash",
} as const;
const likeIncludes = { identity: 1 << 5, indexes: 1 << 6 };

/** Reads the files' statements in order, and returns the final state of the application's schema. */
export function buildCatalog(files: readonly ParsedSql[], schema: string): { catalog: Catalog; problems: Problem[] } {
  const draft = new CatalogDraft(schema);
  files.forEach((file, index) => {
    for (const statement of file.statements) add(draft, statement.node, statement, index);
  });
  const { firstFiles, views, indexes, types, before, proven, problems } = draft;
  return {
    catalog: { tables: withPrimaryKeys(draft.tables), firstFiles, views, indexes, types, before, proven },
    problems,
  };
}

function add(draft: CatalogDraft, node: Node, statement: ParsedStatement, file: number): void {
  if ("CreateStmt" in node) createTable(draft, node.CreateStmt, statement, file);
  else if ("CreateForeignTableStmt" in node && node.CreateForeignTableStmt.base) {
    createTable(draft, node.CreateForeignTableStmt.base, statement, file, { foreign: true });
  } else if ("AlterTableStmt" in node) alterTable(draft, node.AlterTableStmt, statement, file);
  else if ("IndexStmt" in node) createIndex(draft, node.IndexStmt, statement);
  else if ("RenameStmt" in node) rename(draft, node.RenameStmt, statement, file);
  else if ("AlterObjectSchemaStmt" in node) move(draft, node.AlterObjectSchemaStmt, statement);
  else if ("DropStmt" in node) drop(draft, node.DropStmt);
  else if ("ViewStmt" in node || "CreateTableAsStmt" in node || "SelectStmt" in node)
    createView(draft, node, statement);
  else if ("CreateSchemaStmt" in node) {
    const { schemaname, schemaElts = [] } = node.CreateSchemaStmt;
    if (schemaname === draft.schema) for (const element of schemaElts) add(draft, element, statement, file);
  } else createType(draft, node);
}

function createTable(
  draft: CatalogDraft,
  create: CreateStmt,
  statement: ParsedStatement,
  file: number,
  kind: Pick<CatalogTable, "foreign"> = {},
): void {
  const { relation } = create;
  if (!relation) return;
  const name = draft.nameOf(relation);
  if (relation.relpersistence === "t") return void draft.temporary.add(name);
  const at = statement.placeOf(relation.location);
  if (name !== relation.relname) {
    draft.problems.push(foreignTable(name, relation.schemaname, draft.schema, at));
    return;
  }
  if (!draft.firstFiles.has(name)) draft.firstFiles.set(name, at.file);
  const earlier = draft.tables.get(name);
  if (create.if_not_exists && earlier) return;
  if (earlier) {
    draft.problems.push({
      what: `Table \`${name}\` is created twice: also in ${earlier.at.file}:${earlier.at.line}`,
      fix: "Remove one of both, or rename it",
      at,
    });
    return;
  }
  const table: CatalogTable = {
    name,
    file,
    at,
    columns: new Map(),
    keys: [],
    foreignKeys: [],
    checks: [],
    partitions: [],
    ...partitioning(create),
    ...(relation.relpersistence === "u" && { unlogged: at }),
    ...kind,
  };
  const parents = (create.inhRelations ?? []).flatMap((node) =>
    "RangeVar" in node ? (draft.tables.get(draft.nameOf(node.RangeVar)) ?? []) : [],
  );
  for (const parent of parents) copyColumns(table, parent, file, at);
  for (const column of draft.rowTypes.get(strings(create.ofTypename?.names).at(-1) ?? "") ?? []) {
    draft.addColumn(table, column, statement, file);
  }
  for (const element of create.tableElts ?? []) {
    if ("ColumnDef" in element) draft.addColumn(table, element.ColumnDef, statement, file);
    else if ("Constraint" in element) draft.addConstraint(table, element.Constraint, statement, file);
    else if ("TableLikeClause" in element) addLike(draft, table, element.TableLikeClause, file, at);
  }
  if (!create.partbound) return void draft.tables.set(name, table);
  for (const parent of parents) {
    copyKeys(draft, table, parent, at);
    parent.partitions.push({ name, at, table });
  }
}

function partitioning({ partspec }: CreateStmt): Pick<CatalogTable, "partitioning"> {
  const strategy = partspec?.strategy as keyof typeof strategies | undefined;
  if (!strategy) return {};
  const columns = (partspec?.partParams ?? []).flatMap((node) =>
    "PartitionElem" in node && node.PartitionElem.name ? [node.PartitionElem.name] : [],
  );
  return { partitioning: { strategy: strategies[strategy], columns } };
}

function addLike(draft: CatalogDraft, table: CatalogTable, like: TableLikeClause, file: number, at: Place): void {
  const model = draft.tables.get(draft.nameOf(like.relation));
  if (!model) return;
  const options = like.options ?? 0;
  copyColumns(table, model, file, at, (options & likeIncludes.identity) !== 0);
  if (options & likeIncludes.indexes) copyKeys(draft, table, model, at);
}

/** Copies columns for LIKE. The NOT NULL of a primary key is copied with its columns, the key itself is not. */
function copyColumns(table: CatalogTable, model: CatalogTable, file: number, at: Place, withIdentity = false): void {
  for (const column of model.columns.values()) {
    const { sequence, ...plain } = column;
    const isIdentity = sequence === "identity" && withIdentity;
    const notNull = isNotNull(model, column);
    table.columns.set(column.name, { ...plain, ...(isIdentity ? { sequence } : {}), notNull, file, at });
  }
}

function copyKeys(draft: CatalogDraft, table: CatalogTable, model: CatalogTable, at: Place): void {
  const labels = {
    "primary key": "pkey",
    "unique constraint": "key",
    "exclusion constraint": "excl",
    "unique index": "idx",
  } as const;
  for (const { kind, columns } of model.keys) {
    const named = kind === "primary key" ? [] : columns;
    table.keys.push({ kind, columns, name: draft.name(undefined, table.name, named, labels[kind]), at });
  }
}

function createIndex(draft: CatalogDraft, index: IndexStmt, statement: ParsedStatement): void {
  const at = statement.placeOf(index.relation?.location);
  const name = draft.nameOf(index.relation);
  const table = draft.tables.get(name);
  const columns = (index.indexParams ?? []).flatMap((node) =>
    "IndexElem" in node && node.IndexElem.name ? [node.IndexElem.name] : [],
  );
  if (!table && !draft.isPartition(name)) {
    draft.unknown(index.relation, at);
    return;
  }
  const idxname = draft.name(index.idxname, name, columns, "idx");
  if (index.if_not_exists && draft.indexes.get(idxname)?.table === name) return;
  const expressions = (index.indexParams ?? []).flatMap((node) =>
    "IndexElem" in node && node.IndexElem.expr ? [sameText(node.IndexElem.expr)] : [],
  );
  const { accessMethod: method = "btree", unique = false } = index;
  draft.indexes.set(idxname, { table: name, columns, expressions, method, unique });
  if (index.unique) table?.keys.push({ kind: "unique index", columns, name: idxname, at });
}

function rename(draft: CatalogDraft, change: RenameStmt, statement: ParsedStatement, file: number): void {
  const { renameType, subname = "", newname = "", relation } = change;
  const at = statement.placeOf(relation?.location);
  const name = draft.nameOf(relation);
  const view = draft.views.get(name);
  if (view && renameType !== "OBJECT_COLUMN") {
    draft.views.delete(name);
    draft.views.set(newname, { ...view, name: newname });
    return;
  }
  const table = draft.tables.get(name);
  if (renameType === "OBJECT_INDEX") renameIndex(draft, name, newname);
  else if (renameType === "OBJECT_TABCONSTRAINT" && table) {
    const held = table.foreignKeys.find((key) => key.name === subname && key.file === table.file);
    if (held) draft.problems.push(renamesHeldKey(held.name, held.at, at));
    const renamed = <T extends { readonly name: string }>(each: T): T =>
      each.name === subname ? { ...each, name: newname } : each;
    replaceAll(table.keys, renamed);
    replaceAll(table.checks, renamed);
    replaceAll(table.foreignKeys, renamed);
  } else if (renameType === "OBJECT_TABLE" && table) draft.problems.push(goesByItsName(table.name, "renamed", at));
  else if (renameType === "OBJECT_COLUMN" && table) {
    renameColumn(draft.tables, table, { from: subname, to: newname, file });
  }
}

function renameIndex(draft: CatalogDraft, from: string, to: string): void {
  const index = draft.indexes.get(from);
  if (index) draft.indexes.set(to, index);
  for (const table of draft.tables.values()) {
    replaceAll(table.keys, (key) => (key.name === from ? { ...key, name: to } : key));
  }
}

function move(draft: CatalogDraft, { relation, newschema }: AlterObjectSchemaStmt, statement: ParsedStatement): void {
  const name = draft.nameOf(relation);
  if (newschema === draft.schema) return;
  if (draft.tables.has(name)) {
    draft.problems.push(goesByItsName(name, "moved to another schema", statement.placeOf(relation?.location)));
  }
  const view = draft.views.get(name);
  if (!view) return;
  draft.views.delete(name);
  draft.views.set(`${newschema}.${relation?.relname}`, { ...view, name: `${newschema}.${relation?.relname}` });
}

function drop(draft: CatalogDraft, { objects = [], removeType, behavior }: DropStmt): void {
  for (const object of objects) {
    const names = "List" in object ? strings(object.List.items) : [];
    const name = nameOfParts(names, draft.schema);
    if (removeType === "OBJECT_INDEX") {
      const table = draft.tables.get(draft.indexes.get(name)?.table ?? "");
      if (table) dropKeys(draft.tables, table, (key) => key.name === name, behavior);
    } else if (removeType !== undefined && relations.has(removeType)) dropTable(draft, name, behavior);
  }
}

const relations: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
]);

function createView(draft: CatalogDraft, node: Node, statement: ParsedStatement): void {
  const view = readView(node, statement, draft.schema);
  if (!view) return;
  if ("temporary" in view) return void draft.temporary.add(view.temporary);
  if (!("table" in view)) return void draft.views.set(view.name, view);
  draft.problems.push({
    what: `The columns and keys of \`${view.table}\` cannot be read from ${"SelectStmt" in node ? "SELECT INTO" : "CREATE TABLE AS"}`,
    fix: "Write CREATE TABLE with its columns and keys, then INSERT … SELECT",
    at: view.at,
  });
}

function createType(draft: CatalogDraft, node: Node): void {
  if ("CompositeTypeStmt" in node) {
    const columns = (node.CompositeTypeStmt.coldeflist ?? []).flatMap((each) =>
      "ColumnDef" in each ? [each.ColumnDef] : [],
    );
    draft.rowTypes.set(node.CompositeTypeStmt.typevar?.relname ?? "", columns);
  } else if ("CreateEnumStmt" in node) draft.types.set(strings(node.CreateEnumStmt.typeName).at(-1) ?? "", "enum");
  else if ("CreateRangeStmt" in node) draft.types.set(strings(node.CreateRangeStmt.typeName).at(-1) ?? "", "range");
  else if ("DefineStmt" in node && node.DefineStmt.kind === "OBJECT_COLLATION") {
    const { defnames, definition = [] } = node.DefineStmt;
    const isOff = definition.some((each) => "DefElem" in each && isNondeterministic(each.DefElem));
    if (isOff) draft.types.set(strings(defnames).at(-1) ?? "", "nondeterministic collation");
  }
}

function isNondeterministic({ defname, arg }: DefElem): boolean {
  const value = arg && "String" in arg ? arg.String.sval : undefined;
  return defname === "deterministic" && ["false", "off", "no", "0"].includes(value?.toLowerCase() ?? "");
}

function goesByItsName(name: string, change: string, at: Place): Problem {
  return {
    what: `Table \`${name}\` cannot be ${change}: its distribution, policies and partitions go by its name`,
    fix: "Create a new table and move the rows, or keep the name and the schema",
    at,
  };
}

function renamesHeldKey(name: string, made: Place, at: Place): Problem {
  return {
    what: `Foreign key \`${name}\` of ${made.file}:${made.line} cannot be renamed: the table's own resource adds it by its name`,
    fix: "Drop it with DROP CONSTRAINT IF EXISTS, and add it anew under the other name",
    at,
  };
}
