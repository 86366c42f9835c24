import type { AlterTableCmd, AlterTableStmt, ColumnDef } from "libpg-query";
import { constraintsOf, drawsOf, toColumn } from "../../architecture/catalog/table-definition";
import type { ParsedStatement } from "../../architecture/sql/sql-parser";
import { placeOfCommand } from "../ddl";
import type { RefusalName } from "./citus-refusals";
import type { CitusTables, Found } from "./citus-tables";
import { refusedColumn, refusedForeignKey } from "./refused-definitions";

/** Commands of ALTER TABLE that Citus always refuses on a placed table. */
const refusedTypes: Readonly<Partial<Record<NonNullable<AlterTableCmd["subtype"]>, RefusalName>>> = {
  AT_EnableTrig: "trigger-switch",
  AT_EnableAlwaysTrig: "trigger-switch",
  AT_EnableReplicaTrig: "trigger-switch",
  AT_DisableTrig: "trigger-switch",
  AT_EnableTrigAll: "trigger-switch",
  AT_DisableTrigAll: "trigger-switch",
  AT_EnableTrigUser: "trigger-switch",
  AT_DisableTrigUser: "trigger-switch",
  AT_EnableRule: "rule-switch",
  AT_EnableAlwaysRule: "rule-switch",
  AT_EnableReplicaRule: "rule-switch",
  AT_DisableRule: "rule-switch",
  AT_AddInherit: "inheritance",
  AT_DropInherit: "inheritance",
  AT_AddOf: "typed-table",
  AT_DropOf: "typed-table",
  AT_AddIdentity: "numbered-column",
  AT_SetIdentity: "numbered-column",
  AT_DropIdentity: "numbered-column",
  AT_SetStatistics: "column-statistics",
  AT_SetOptions: "column-statistics",
  AT_ResetOptions: "column-statistics",
  AT_SetStorage: "column-storage",
  AT_DropExpression: "generated-expression",
  AT_SetExpression: "generated-expression",
  AT_AlterConstraint: "constraint-change",
  AT_ClusterOn: "cluster-index",
  AT_DropCluster: "cluster-index",
  AT_SetTableSpace: "tablespace",
  AT_DetachPartitionFinalize: "detach-concurrently",
};

const bySelf: ReadonlySet<string | undefined> = new Set([
  "AT_AddConstraint",
  "AT_AttachPartition",
  "AT_DetachPartition",
]);
const ofTenantColumn: ReadonlySet<string | undefined> = new Set([
  "AT_ColumnDefault",
  "AT_AlterColumnType",
  "AT_DropColumn",
  "AT_DropNotNull",
]);

/** The commands of ALTER TABLE, ALTER VIEW and ALTER INDEX that Citus refuses. */
export function refusedCommands(alter: AlterTableStmt, statement: ParsedStatement, tables: CitusTables): Found[] {
  const { relation, objtype, cmds = [] } = alter;
  const commands = cmds.flatMap((each) => ("AlterTableCmd" in each ? [each.AlterTableCmd] : []));
  const name = tables.nameOf(relation);
  const at = (command: AlterTableCmd) => placeOfCommand(statement, command);
  if (objtype === "OBJECT_INDEX") {
    const subject = tables.catalog.indexes.get(name)?.table ?? "";
    const moved = commands.filter(({ subtype }) => subtype === "AT_SetTableSpace" && tables.isPlaced(subject));
    return moved.map((command) => ({ refusal: "tablespace", subject, location: undefined, at: at(command) }));
  }
  const view = tables.catalog.views.get(name);
  if (view) {
    const defaults = commands.filter(({ subtype }) => subtype === "AT_ColumnDefault");
    return [...view.reads].some(tables.isToBePlaced)
      ? defaults.map((command) => ({ refusal: "view-default", subject: name, location: undefined, at: at(command) }))
      : [];
  }
  if (!tables.isToBePlaced(relation)) return [];
  return commands.flatMap((command) => {
    const found = (refusal: RefusalName, isFound: boolean): Found[] =>
      isFound ? [{ refusal, subject: name, location: undefined, at: at(command) }] : [];
    const always = ofAddition(alter, command, tables);
    if (!tables.isPlaced(relation)) return always;
    const byType = command.subtype && refusedTypes[command.subtype];
    return [
      ...always,
      ...(byType ? found(byType, true) : []),
      ...found("several-commands", bySelf.has(command.subtype) && commands.length > 1),
      ...ofColumn(command, commands.length, name, tables).flatMap((refusal) => found(refusal, true)),
      ...found("detach-concurrently", isConcurrent(command)),
      ...found("default-access-method", command.subtype === "AT_SetAccessMethod" && command.name === undefined),
    ];
  });
}

/** The additions that Citus refuses on tables that are not placed yet, too. */
function ofAddition({ relation }: AlterTableStmt, { subtype, def }: AlterTableCmd, tables: CitusTables): Found[] {
  if (subtype === "AT_AddConstraint" && def && "Constraint" in def) {
    return refusedForeignKey(relation, def.Constraint, undefined, tables);
  }
  if (subtype === "AT_AttachPartition" && def && "PartitionCmd" in def) {
    const name = tables.nameOf(def.PartitionCmd.name);
    const partitions = tables.catalog.tables.get(tables.nameOf(relation))?.partitions ?? [];
    return partitions.some(({ name: each, table }) => each === name && table.partitioning)
      ? [{ refusal: "nested-partitions", subject: name, location: def.PartitionCmd.name?.location }]
      : [];
  }
  if (subtype !== "AT_AddColumn" || !def || !("ColumnDef" in def)) return [];
  const { ColumnDef: column } = def;
  return [
    ...refusedColumn(relation, column, tables),
    ...constraintsOf(column).flatMap((each) => refusedForeignKey(relation, each, column.colname, tables)),
  ];
}

/** The changes of a column of a placed table that Citus refuses. */
function ofColumn(command: AlterTableCmd, count: number, table: string, tables: CitusTables): RefusalName[] {
  const { subtype, def, name } = command;
  const before = tables.catalog.before.get(command)?.column;
  const isTenantColumn = name === tables.tenantColumn && tables.isTenantTable(table);
  if (ofTenantColumn.has(subtype) && isTenantColumn) return ["tenant-column-change"];
  if (subtype === "AT_AddColumn" && def && "ColumnDef" in def) return ofAddedColumn(def.ColumnDef, count);
  if (subtype === "AT_ColumnDefault" && count > 1 && drawsOf(def).length > 0) return ["sequence-default"];
  if (subtype === "AT_AlterColumnType" && before && (before.draws.length > 0 || before.sequence)) {
    return ["sequence-column-type"];
  }
  return [];
}

const named: ReadonlySet<string | undefined> = new Set([
  "CONSTR_CHECK",
  "CONSTR_UNIQUE",
  "CONSTR_PRIMARY",
  "CONSTR_FOREIGN",
]);

function ofAddedColumn(column: ColumnDef, count: number): RefusalName[] {
  const constraints = constraintsOf(column).filter(({ contype }) => named.has(contype));
  const hasUnnamed = constraints.some(({ conname }) => conname === undefined);
  const isCheck = constraints.some(({ contype, conname }) => contype === "CONSTR_CHECK" && conname === undefined);
  const isNumbered = toColumn(column, 0, { file: "" }).sequence !== undefined;
  return [
    ...(isNumbered ? (["numbered-column"] as const) : []),
    ...(isCheck || (hasUnnamed && (count > 1 || constraints.length > 1)) ? (["column-constraint"] as const) : []),
  ];
}

function isConcurrent({ def }: AlterTableCmd): boolean {
  return (def && "PartitionCmd" in def && def.PartitionCmd.concurrent) ?? false;
}
