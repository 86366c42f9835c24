import type { AlterTableCmd, AlterTableStmt } from "libpg-query";
import type { ParsedStatement } from "../sql/sql-parser";
import { type CatalogCheck, type CatalogTable, type CatalogView, isNotNull } from "./catalog";
import type { CatalogDraft } from "./catalog-draft";
import { dropKeys, removeWhere, replaceAll } from "./catalog-edits";
import { constantsIn, drawsOf, toColumn } from "./table-definition";
import { invokerAfter } from "./view-definition";

/** Applies ALTER TABLE and ALTER VIEW to the catalog. */
export function alterTable(draft: CatalogDraft, alter: AlterTableStmt, statement: ParsedStatement, file: number): void {
  const name = draft.nameOf(alter.relation);
  const at = statement.placeOf(alter.relation?.location);
  const commands = (alter.cmds ?? []).flatMap((node) => ("AlterTableCmd" in node ? [node.AlterTableCmd] : []));
  const view = draft.views.get(name);
  if (view) {
    draft.views.set(
      name,
      commands.reduce((each, command) => alteredView(each, command, statement), view),
    );
    return;
  }
  if (alter.objtype !== "OBJECT_TABLE") return;
  const known = draft.tables.get(name);
  if (!known && !alter.missing_ok) draft.unknown(alter.relation, at);
  const table = known ?? draft.stranger(name, file, at);
  for (const command of known ? commands : commands.filter(isAboutChecks)) {
    alterCommand(draft, table, command, statement, file);
  }
}

/** True for the commands that the catalog follows also on a table that no file creates. */
function isAboutChecks({ subtype, def }: AlterTableCmd): boolean {
  if (subtype === "AT_AddConstraint")
    return (def && "Constraint" in def && def.Constraint.contype === "CONSTR_CHECK") ?? false;
  return subtype === "AT_ValidateConstraint" || subtype === "AT_DropConstraint" || subtype === "AT_SetNotNull";
}

function alterCommand(
  draft: CatalogDraft,
  table: CatalogTable,
  command: AlterTableCmd,
  statement: ParsedStatement,
  file: number,
): void {
  const { subtype, def, name = "" } = command;
  const column = table.columns.get(name);
  if (column || table.isStranger) {
    const checks = table.checks.filter(({ columns }) => columns.includes(name));
    draft.before.set(command, {
      column,
      isProvenNotNull: (column && isNotNull(table, column)) || table.checks.some((check) => proves(check, name)),
      isChecked: checks.length > 0,
    });
  }
  const change = (changed: Partial<typeof column>) => {
    if (column) table.columns.set(name, { ...column, ...changed });
  };
  switch (subtype) {
    case "AT_AddColumn":
      if (!def || !("ColumnDef" in def)) break;
      if (command.missing_ok && table.columns.has(def.ColumnDef.colname ?? "")) break;
      draft.addColumn(table, def.ColumnDef, statement, file);
      break;
    case "AT_AddConstraint":
      if (def && "Constraint" in def) draft.addConstraint(table, def.Constraint, statement, file);
      break;
    case "AT_DropColumn":
      table.columns.delete(name);
      removeWhere(table.checks, ({ columns }) => columns.includes(name));
      removeWhere(table.foreignKeys, (key) => key.columns.includes(name));
      dropKeys(draft.tables, table, (key) => key.columns.includes(name), command.behavior);
      break;
    case "AT_DropConstraint":
      dropConstraint(draft, table, command, statement);
      break;
    case "AT_ValidateConstraint":
      validate(table, name);
      break;
    case "AT_AlterConstraint":
      alterConstraint(table, command);
      break;
    case "AT_SetNotNull":
      change({ notNull: true });
      break;
    case "AT_DropNotNull":
      change({ notNull: false });
      break;
    case "AT_ColumnDefault":
      change({ draws: drawsOf(def) });
      break;
    case "AT_DropExpression":
      change({ generated: false });
      break;
    case "AT_AlterColumnType":
      if (def && "ColumnDef" in def && column) change(typeOfColumn(toColumn(def.ColumnDef, file, column.at)));
      break;
    case "AT_AddIdentity":
      change({ sequence: "identity" });
      break;
    case "AT_DropIdentity":
      if (column) table.columns.set(name, withoutSequence(column));
      break;
    case "AT_SetUnLogged":
      table.unlogged = statement.placeOf(alterRelation(statement)?.location);
      break;
    case "AT_SetLogged":
      table.unlogged = undefined;
      break;
    case "AT_AttachPartition":
      attach(draft, table, command, statement);
      break;
    case "AT_DetachPartition":
      detach(draft, table, command, file);
      break;
  }
}

/** Marks a constraint as validated. The text of a constraint that no file adds is unknown. */
function validate(table: CatalogTable, name: string): void {
  replaceAll(table.checks, (check) => (check.name === name ? { ...check, validated: true } : check));
  const isKnown = [...table.checks, ...table.foreignKeys].some((each) => each.name === name);
  if (isKnown || !table.isStranger) return;
  table.checks.push({ name, columns: [], notNull: "unknown", constants: [], validated: true });
}

function proves({ validated, notNull }: CatalogCheck, column: string): boolean {
  return validated && (notNull === "unknown" || notNull.includes(column));
}

function typeOfColumn({ type, modifiers, collation }: ReturnType<typeof toColumn>) {
  return { type, modifiers, ...(collation !== undefined && { collation }) };
}

function withoutSequence({ sequence: _, ...column }: ReturnType<typeof toColumn>) {
  return column;
}

/**
 * Drops a constraint. On an empty database, a deferred foreign key does not exist yet when the files run, so DROP needs
 * IF EXISTS.
 */
function dropConstraint(
  draft: CatalogDraft,
  table: CatalogTable,
  command: AlterTableCmd,
  statement: ParsedStatement,
): void {
  const held = table.foreignKeys.find((key) => key.name === command.name && key.file === table.file);
  if (held && !command.missing_ok) {
    draft.problems.push({
      what: `Foreign key \`${held.name}\` of ${held.at.file}:${held.at.line} will not be there for DROP CONSTRAINT on an empty database`,
      fix: "Write DROP CONSTRAINT IF EXISTS",
      at: statement.placeOf(alterRelation(statement)?.location),
    });
  }
  removeWhere(table.checks, (check) => check.name === command.name);
  removeWhere(table.foreignKeys, (key) => key.name === command.name);
  dropKeys(draft.tables, table, (key) => key.name === command.name, command.behavior);
}

function alterConstraint(table: CatalogTable, { def }: AlterTableCmd): void {
  if (!def || !("ATAlterConstraint" in def)) return;
  const { conname, deferrable, initdeferred } = def.ATAlterConstraint;
  const timing = [deferrable ? "DEFERRABLE" : "", initdeferred ? "INITIALLY DEFERRED" : ""];
  replaceAll(table.foreignKeys, (key) => {
    if (key.name !== conname) return key;
    const actions = [key.actions.replace(/ ?DEFERRABLE.*$/, ""), ...timing].filter((part) => part !== "").join(" ");
    return { ...key, actions };
  });
}

function attach(draft: CatalogDraft, table: CatalogTable, command: AlterTableCmd, statement: ParsedStatement): void {
  const { def } = command;
  const relation = def && "PartitionCmd" in def ? def.PartitionCmd.name : undefined;
  const name = draft.nameOf(relation);
  const at = statement.placeOf(relation?.location);
  const attached = draft.tables.get(name);
  if (!attached) {
    draft.unknown(relation, at);
    return;
  }
  if (isWithinBounds(attached, table, command)) draft.proven.add(command);
  table.partitions.push({ name, at, table: attached });
  draft.tables.delete(name);
}

/** True if a validated CHECK keeps the partition column within the bounds, and the column cannot be NULL. */
function isWithinBounds(attached: CatalogTable, { partitioning }: CatalogTable, { def }: AlterTableCmd): boolean {
  const bound = def && "PartitionCmd" in def ? def.PartitionCmd.bound : undefined;
  if (!bound || bound.is_default) return false;
  const bounds = constantsIn(bound);
  const checks = attached.checks.filter(({ validated }) => validated);
  return (partitioning?.columns ?? []).every((name) => {
    const column = attached.columns.get(name);
    const notNull = (column && isNotNull(attached, column)) || checks.some((check) => proves(check, name));
    const saying = checks.filter(({ columns }) => columns.includes(name)).flatMap(({ constants }) => constants);
    return notNull && bounds.every((value) => saying.includes(value));
  });
}

/** Detaches a partition, which becomes a table of its own again. */
function detach(draft: CatalogDraft, table: CatalogTable, { def }: AlterTableCmd, file: number): void {
  const name = draft.nameOf(def && "PartitionCmd" in def ? def.PartitionCmd.name : undefined);
  const partition = table.partitions.find((each) => each.name === name);
  if (!partition) return;
  removeWhere(table.partitions, (each) => each === partition);
  const wasCreatedAsPartition = partition.at === partition.table.at;
  draft.tables.set(name, { ...partition.table, ...(wasCreatedAsPartition && { file }) });
}

function alteredView(view: CatalogView, command: AlterTableCmd, statement: ParsedStatement): CatalogView {
  const securityInvoker = invokerAfter(command);
  if (securityInvoker === undefined) return view;
  const at = statement.placeOf(alterRelation(statement)?.location);
  return { ...view, securityInvoker, ...(!securityInvoker && { at }) };
}

function alterRelation({ node }: ParsedStatement) {
  return "AlterTableStmt" in node ? node.AlterTableStmt.relation : undefined;
}
