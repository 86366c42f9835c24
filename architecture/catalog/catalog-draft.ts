import type { AlterTableCmd, ColumnDef, Constraint, RangeVar } from "libpg-query";
import type { Place, Problem } from "../../common/problem";
import { chosenName, type NameLabel } from "../sql/object-name";
import { relationName } from "../sql/relation-name";
import type { ParsedStatement } from "../sql/sql-parser";
import type { CatalogForeignKey, CatalogIndex, CatalogTable, CatalogType, CatalogView, ColumnBefore } from "./catalog";
import { removeWhere } from "./catalog-edits";
import {
  actionsOf,
  attributesOf,
  clearedBy,
  constraintsOf,
  readCheck,
  readKey,
  strings,
  toColumn,
} from "./table-definition";

/** The catalog under construction, while statements are applied to it. */
export class CatalogDraft {
  readonly tables = new Map<string, CatalogTable>();
  readonly firstFiles = new Map<string, string>();
  readonly views = new Map<string, CatalogView>();
  readonly indexes = new Map<string, CatalogIndex>();
  readonly types = new Map<string, CatalogType>();
  readonly before = new Map<AlterTableCmd, ColumnBefore>();
  readonly proven = new Set<AlterTableCmd>();
  readonly problems: Problem[] = [];
  /** Temporary tables, which disappear with their session. */
  readonly temporary = new Set<string>();
  /** Tables that no file creates, with the changes that the files make to them. */
  private readonly strangers = new Map<string, CatalogTable>();
  /** The columns of composite types. */
  readonly rowTypes = new Map<string, readonly ColumnDef[]>();
  private readonly names = new Set<string>();

  constructor(readonly schema: string) {}

  /** The catalog's name of a relation: without the schema if it is the application's schema. */
  nameOf(relation: RangeVar | undefined): string {
    return relationName(relation, this.schema);
  }

  /** Returns the entry of a table that no file creates. Only columns and keys that the files add are known. */
  stranger(name: string, file: number, at: Place): CatalogTable {
    const known = this.strangers.get(name);
    if (known) return known;
    const parts = { columns: new Map(), keys: [], foreignKeys: [], checks: [], partitions: [] };
    const table: CatalogTable = { name, file, at, ...parts, isStranger: true };
    this.strangers.set(name, table);
    return table;
  }

  isPartition(name: string): boolean {
    return [...this.tables.values()].some(({ partitions }) => partitions.some((each) => each.name === name));
  }

  /** Reports a table that is not in the catalog, unless another known object has the name. */
  unknown(relation: RangeVar | undefined, at: Place): void {
    const name = this.nameOf(relation);
    if (this.isPartition(name) || this.views.has(name) || this.temporary.has(name)) return;
    this.problems.push(
      name === relation?.relname ? unknownTable(name, at) : foreignTable(name, relation?.schemaname, this.schema, at),
    );
  }

  /** Returns and reserves a name: the written one, or the one that PostgreSQL would choose. */
  name(written: string | undefined, table: string, columns: readonly string[], label: NameLabel): string {
    const name = written ?? chosenName(table, columns, label, this.names);
    this.names.add(name);
    return name;
  }

  addColumn(table: CatalogTable, definition: ColumnDef, statement: ParsedStatement, file: number): void {
    const column = toColumn(definition, file, statement.placeOf(definition.location));
    table.columns.set(column.name, column);
    for (const constraint of constraintsOf(definition)) {
      const attributes = attributesOf(definition, constraint);
      this.addConstraint(table, constraint, statement, file, column.name, attributes);
    }
  }

  addConstraint(
    table: CatalogTable,
    constraint: Constraint,
    statement: ParsedStatement,
    file: number,
    column?: string,
    attributes: readonly Constraint[] = [],
  ): void {
    const at = statement.placeOf(constraint.location);
    if (constraint.indexname) this.addKeyOfIndex(table, constraint, constraint.indexname, at);
    else if (constraint.contype === "CONSTR_FOREIGN") {
      this.addForeignKey(table, constraint, { file, at, ...(column !== undefined && { column }), attributes });
    } else if (constraint.contype === "CONSTR_CHECK") {
      const { columns, notNull, constants } = readCheck(constraint);
      const named = column === undefined ? columns : [column];
      const name = this.name(constraint.conname, table.name, named.length === 1 ? named : [], "check");
      table.checks.push({ name, columns, notNull, constants, validated: !constraint.skip_validation });
    } else {
      const key = readKey(constraint, column);
      if (!key) return;
      const { kind, label, columns } = key;
      const named = kind === "primary key" ? [] : columns;
      table.keys.push({ kind, columns, name: this.name(constraint.conname, table.name, named, label), at });
    }
  }

  /** Adds a key USING INDEX, whose index takes the constraint's name. */
  private addKeyOfIndex(table: CatalogTable, { contype, conname }: Constraint, name: string, at: Place): void {
    const index = this.indexes.get(name);
    if (index?.table !== table.name) {
      this.problems.push({
        what: `Index \`${name}\` of \`${table.name}\` is not created before`,
        fix: "Correct the name, or move the statement behind the CREATE UNIQUE INDEX",
        at,
      });
      return;
    }
    const kind = contype === "CONSTR_PRIMARY" ? "primary key" : "unique constraint";
    const { columns } = index;
    removeWhere(table.keys, (key) => key.name === name);
    table.keys.push({ kind, columns, name: conname ?? name, at });
    if (conname) this.indexes.set(conname, index);
  }

  private addForeignKey(
    table: CatalogTable,
    constraint: Constraint,
    { file, at, column, attributes }: ForeignKeyContext,
  ): void {
    const columns = column === undefined ? strings(constraint.fk_attrs) : [column];
    const key: CatalogForeignKey = {
      name: this.name(constraint.conname, table.name, columns, "fkey"),
      columns,
      references: {
        schema: constraint.pktable?.schemaname ?? this.schema,
        table: constraint.pktable?.relname ?? "",
        columns: strings(constraint.pk_attrs),
      },
      actions: actionsOf(constraint, attributes),
      cleared: clearedBy(constraint, columns),
      file,
      at,
    };
    table.foreignKeys.push(key);
  }
}

interface ForeignKeyContext {
  readonly file: number;
  readonly at: Place;
  readonly column?: string;
  readonly attributes: readonly Constraint[];
}

function unknownTable(name: string, at: Place): Problem {
  return {
    what: `Table \`${name}\` is not created before`,
    fix: "Correct the name, or move the statement behind the CREATE TABLE",
    at,
  };
}

/** The problem of a table outside the application's schema. */
export function foreignTable(name: string, got: string | undefined, schema: string, at: Place): Problem {
  return {
    what: `Table \`${name}\` is not in the application's schema`,
    ...(got !== undefined && { got }),
    expected: schema,
    fix: `Remove \`${got}.\`: names without a schema mean the application's`,
    at,
  };
}
