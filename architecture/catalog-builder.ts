import type {
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  Constraint,
  CreateStmt,
  IndexStmt,
  Node,
  RangeVar,
  RenameStmt,
  TableLikeClause,
} from "libpg-query";
import type { Catalog, CatalogTable, CatalogView } from "./catalog";
import { removeWhere, renameColumn, withPrimaryKeys } from "./catalog-edits";
import { foreignKeyName } from "./foreign-key-name";
import type { Place, Problem } from "./problem";
import type { ParsedSql, ParsedStatement } from "./sql-parser";
import { actionsOf, attributesOf, clearedBy, constraintsOf, strings, toColumn, toKey } from "./table-definition";
import { readView, viewOptionIsOn } from "./view-definition";

const strategies = {
  PARTITION_STRATEGY_RANGE: "range",
  PARTITION_STRATEGY_LIST: "list",
  PARTITION_STRATEGY_HASH: "hash",
} as const;
const likeIncludes = { identity: 1 << 5, indexes: 1 << 6 };

/** Runs through the files' statements in order and keeps what they leave behind in the application's schema. */
export function buildCatalog(files: readonly ParsedSql[], schema: string): { catalog: Catalog; problems: Problem[] } {
  const builder = new CatalogBuilder(schema);
  files.forEach((file, index) => {
    for (const statement of file.statements) builder.add(statement, index);
  });
  return { catalog: { tables: withPrimaryKeys(builder.tables), views: builder.views }, problems: builder.problems };
}

class CatalogBuilder {
  readonly tables = new Map<string, CatalogTable>();
  readonly views = new Map<string, CatalogView>();
  readonly problems: Problem[] = [];
  private readonly constraintNames = new Set<string>();

  constructor(private readonly schema: string) {}

  add(statement: ParsedStatement, file: number): void {
    const { node } = statement;
    if ("CreateStmt" in node) this.createTable(node.CreateStmt, statement, file);
    else if ("AlterTableStmt" in node) this.alterTable(node.AlterTableStmt, statement, file);
    else if ("IndexStmt" in node) this.createIndex(node.IndexStmt, statement);
    else if ("RenameStmt" in node) this.rename(node.RenameStmt, statement, file);
    else if ("DropStmt" in node) this.drop(node.DropStmt.objects ?? []);
    else if ("ViewStmt" in node || "CreateTableAsStmt" in node) this.createView(node, statement);
  }

  private createTable(create: CreateStmt, statement: ParsedStatement, file: number): void {
    const { relation } = create;
    if (!relation || relation.relpersistence === "t") return;
    const name = relation.relname ?? "";
    const at = statement.placeOf(relation.location);
    if (!this.isOurs(relation, at)) return;
    if (create.if_not_exists && this.tables.has(name)) return;
    if (create.partbound) {
      const parent = create.inhRelations?.[0];
      const parentName = parent && "RangeVar" in parent ? (parent.RangeVar.relname ?? "") : "";
      this.tables.get(parentName)?.partitions.push({ name, at });
      return;
    }
    const earlier = this.tables.get(name);
    if (earlier) {
      this.problems.push({
        what: `Table \`${name}\` is created twice: also in ${earlier.at.file}:${earlier.at.line}`,
        fix: "Remove one of both, or rename it",
        at,
      });
      return;
    }
    const strategy = create.partspec?.strategy as keyof typeof strategies | undefined;
    const table: CatalogTable = {
      name,
      file,
      at,
      columns: new Map(),
      keys: [],
      foreignKeys: [],
      partitions: [],
      ...(strategy && {
        partitioning: {
          strategy: strategies[strategy],
          columns: (create.partspec?.partParams ?? []).flatMap((node) =>
            "PartitionElem" in node && node.PartitionElem.name ? [node.PartitionElem.name] : [],
          ),
        },
      }),
    };
    this.tables.set(name, table);
    for (const element of create.tableElts ?? []) {
      if ("ColumnDef" in element) this.addColumn(table, element.ColumnDef, statement, file);
      else if ("Constraint" in element) this.addConstraint(table, element.Constraint, statement, file);
      else if ("TableLikeClause" in element) this.addLike(table, element.TableLikeClause, file, at);
    }
  }

  private addColumn(table: CatalogTable, definition: ColumnDef, statement: ParsedStatement, file: number): void {
    const column = toColumn(definition, file, statement.placeOf(definition.location));
    table.columns.set(column.name, column);
    for (const constraint of constraintsOf(definition)) {
      const attributes = attributesOf(definition, constraint);
      this.addConstraint(table, constraint, statement, file, column.name, attributes);
    }
  }

  private addConstraint(
    table: CatalogTable,
    constraint: Constraint,
    statement: ParsedStatement,
    file: number,
    column?: string,
    attributes: readonly Constraint[] = [],
  ): void {
    const at = statement.placeOf(constraint.location);
    const key = toKey(constraint, at, column);
    if (key) table.keys.push(key);
    if (constraint.conname) this.constraintNames.add(constraint.conname);
    if (constraint.contype !== "CONSTR_FOREIGN") return;
    const columns = column === undefined ? strings(constraint.fk_attrs) : [column];
    const name = constraint.conname ?? foreignKeyName(table.name, columns, this.constraintNames);
    this.constraintNames.add(name);
    const target = constraint.pktable?.relname ?? "";
    table.foreignKeys.push({
      name,
      columns,
      references: {
        schema: constraint.pktable?.schemaname ?? this.schema,
        table: target,
        columns: strings(constraint.pk_attrs),
      },
      actions: actionsOf(constraint, attributes),
      cleared: clearedBy(constraint, columns),
      file,
      at,
    });
  }

  private addLike(table: CatalogTable, like: TableLikeClause, file: number, at: Place): void {
    const model = this.tables.get(like.relation?.relname ?? "");
    const options = like.options ?? 0;
    for (const column of model?.columns.values() ?? []) {
      const { sequence, ...plain } = column;
      table.columns.set(column.name, {
        ...plain,
        ...(sequence === "identity" && options & likeIncludes.identity ? { sequence } : {}),
        file,
        at,
      });
    }
    if (options & likeIncludes.indexes) table.keys.push(...(model?.keys ?? []).map((key) => ({ ...key, at })));
  }

  private alterTable(alter: AlterTableStmt, statement: ParsedStatement, file: number): void {
    const name = alter.relation?.relname ?? "";
    const commands = (alter.cmds ?? []).flatMap((node) => ("AlterTableCmd" in node ? [node.AlterTableCmd] : []));
    const view = this.views.get(name);
    if (view) {
      this.views.set(name, { ...view, securityInvoker: commands.reduce(invokerAfter, view.securityInvoker) });
      return;
    }
    if (alter.objtype !== "OBJECT_TABLE") return;
    const at = statement.placeOf(alter.relation?.location);
    const table = this.tables.get(name);
    if (!table || !this.isOurs(alter.relation, at)) {
      if (!table && !alter.missing_ok && !this.isPartition(name)) this.problems.push(unknownTable(name, at));
      return;
    }
    for (const command of commands) this.alter(table, command, statement, file);
  }

  private alter(table: CatalogTable, command: AlterTableCmd, statement: ParsedStatement, file: number): void {
    const { subtype, def, name = "" } = command;
    const column = table.columns.get(name);
    if (subtype === "AT_AddColumn" && def && "ColumnDef" in def) {
      this.addColumn(table, def.ColumnDef, statement, file);
    } else if (subtype === "AT_AddConstraint" && def && "Constraint" in def) {
      this.addConstraint(table, def.Constraint, statement, file);
    } else if (subtype === "AT_DropColumn") {
      table.columns.delete(name);
      removeWhere(table.keys, (key) => key.columns.includes(name));
      removeWhere(table.foreignKeys, (key) => key.columns.includes(name));
    } else if (subtype === "AT_DropConstraint") {
      this.dropConstraint(table, command, statement);
    } else if ((subtype === "AT_SetNotNull" || subtype === "AT_DropNotNull") && column) {
      table.columns.set(name, { ...column, notNull: subtype === "AT_SetNotNull" });
    } else if (subtype === "AT_AlterColumnType" && column && def && "ColumnDef" in def) {
      table.columns.set(name, { ...column, type: toColumn(def.ColumnDef, file, column.at).type });
    } else if (subtype === "AT_AddIdentity" && column) {
      table.columns.set(name, { ...column, sequence: "identity" });
    } else if (subtype === "AT_AttachPartition" && def && "PartitionCmd" in def) {
      const partition = def.PartitionCmd.name;
      table.partitions.push({ name: partition?.relname ?? "", at: statement.placeOf(partition?.location) });
      this.tables.delete(partition?.relname ?? "");
    }
  }

  /** A key that the table's own resource adds is not there yet when an empty database runs the files. */
  private dropConstraint(table: CatalogTable, command: AlterTableCmd, statement: ParsedStatement): void {
    const held = table.foreignKeys.find((key) => key.name === command.name && key.file === table.file);
    if (held && !command.missing_ok) {
      this.problems.push({
        what: `Foreign key \`${held.name}\` of ${held.at.file}:${held.at.line} will not be there for DROP CONSTRAINT on an empty database`,
        fix: "Write DROP CONSTRAINT IF EXISTS",
        at: statement.placeOf(firstLocation(statement)),
      });
    }
    removeWhere(table.keys, (key) => key.name === command.name);
    removeWhere(table.foreignKeys, (key) => key.name === command.name);
  }

  private createIndex(index: IndexStmt, statement: ParsedStatement): void {
    const at = statement.placeOf(index.relation?.location);
    const table = this.tables.get(index.relation?.relname ?? "");
    if (!table) {
      const name = index.relation?.relname ?? "";
      if (!this.isPartition(name) && !this.views.has(name)) this.problems.push(unknownTable(name, at));
      return;
    }
    if (!index.unique) return;
    const columns = (index.indexParams ?? []).flatMap((node) =>
      "IndexElem" in node && node.IndexElem.name ? [node.IndexElem.name] : [],
    );
    table.keys.push({ kind: "unique index", columns, ...(index.idxname ? { name: index.idxname } : {}), at });
  }

  private rename(rename: RenameStmt, statement: ParsedStatement, file: number): void {
    const at = statement.placeOf(rename.relation?.location);
    const table = this.tables.get(rename.relation?.relname ?? "");
    if (!table) return;
    if (rename.renameType === "OBJECT_TABLE") {
      this.problems.push({
        what: `Table \`${table.name}\` cannot be renamed: its distribution, policies and partitions go by its name`,
        fix: "Create a table of the new name and move the rows, or keep the name",
        at,
      });
    } else if (rename.renameType === "OBJECT_COLUMN") {
      renameColumn(this.tables, table, { from: rename.subname ?? "", to: rename.newname ?? "", file });
    }
  }

  private drop(objects: readonly Node[]): void {
    for (const object of objects) {
      const name = "List" in object ? strings(object.List.items).at(-1) : undefined;
      if (name === undefined) continue;
      this.tables.delete(name);
      this.views.delete(name);
      for (const table of this.tables.values()) removeWhere(table.keys, (key) => key.name === name);
    }
  }

  private createView(node: Node, statement: ParsedStatement): void {
    const view = readView(node, statement, this.schema);
    if (!view) return;
    if ("table" in view) {
      this.problems.push({
        what: `The columns and keys of \`${view.table}\` cannot be read from CREATE TABLE AS`,
        fix: "Write CREATE TABLE with its columns and keys, then INSERT … SELECT",
        at: view.at,
      });
    } else {
      this.views.set(view.name, view);
    }
  }

  private isOurs(relation: RangeVar | undefined, at: Place): boolean {
    const schema = relation?.schemaname;
    if (schema === undefined || schema === this.schema) return true;
    this.problems.push({
      what: `Table \`${schema}.${relation?.relname}\` is not in the application's schema`,
      got: schema,
      expected: this.schema,
      fix: `Remove \`${schema}.\`: names without a schema mean the application's`,
      at,
    });
    return false;
  }

  private isPartition(name: string): boolean {
    return [...this.tables.values()].some(({ partitions }) => partitions.some((partition) => partition.name === name));
  }
}

function unknownTable(name: string, at: Place): Problem {
  return {
    what: `Table \`${name}\` is not created before`,
    fix: "Correct the name, or move the statement behind the CREATE TABLE",
    at,
  };
}

function invokerAfter(before: boolean, { subtype, def }: AlterTableCmd): boolean {
  const options = def && "List" in def ? (def.List.items ?? []) : [];
  const named = options.flatMap((node) =>
    "DefElem" in node && node.DefElem.defname === "security_invoker" ? [node.DefElem] : [],
  );
  if (named.length === 0) return before;
  return subtype === "AT_SetRelOptions" && named.every(viewOptionIsOn);
}

function firstLocation(statement: ParsedStatement): number | undefined {
  return "AlterTableStmt" in statement.node ? statement.node.AlterTableStmt.relation?.location : undefined;
}
