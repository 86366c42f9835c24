import { type Problem, refuseIfAny } from "../../common/problem";
import type { Application, Partition, ReferenceTable, Table, TenantTable } from "../application";
import type { SqlFile } from "../sql/sql-file";
import type { DataPlaneSettings } from "./data-plane-settings";
import type { DistributedTableInputs, PartitionSetInputs } from "./declaration";
import { declareIsolation } from "./isolation-declaration";
import type { Steps } from "./steps";
import { referenceTableGrants, writableTableGrants } from "./table-grants";

/** Declares the placement, partitions and isolation of the tables that a file creates. */
export function declareTables(
  steps: Steps,
  application: Application,
  settings: DataPlaneSettings,
  file: SqlFile,
): void {
  const tables = tablesOf(application, file);
  if (!settings.store) refuseIfAny(tables.flatMap((table) => rowsThatStay(application, table)));
  const placed = new Map<string, string>();
  for (const table of tables) {
    const after = table.foreignKeys.flatMap(({ references }) => placed.get(references.table) ?? []);
    const root = placed.get(application.tenant.table);
    if (table.kind === "reference") placed.set(table.name, declareReference(steps, application, table, after));
    if (table.kind === "tenant") {
      const inputs = distributed(application, settings, table);
      placed.set(table.name, steps.add("DistributedTable", nameOf(table), inputs, root ? [root, ...after] : after));
    }
  }
  for (const table of tables) {
    const id = placed.get(table.name);
    if (table.kind !== "tenant" || !id) continue;
    const set = table.partition
      ? [steps.add("PartitionSet", nameOf(table), partitionSet(table, table.partition, settings), [id])]
      : [id];
    const { schema, name } = table;
    declareIsolation(steps, application, { schema, table: name, grants: writableTableGrants(application, name) }, set);
  }
}

/** Without a store, pg_partman drops old partitions: each set alone, so it can't drop rows to which others refer. */
function rowsThatStay({ tables }: Application, table: Table): Problem[] {
  const aging = tables.filter((each) => each.kind === "tenant" && each.partition?.tiers).map(({ name }) => name);
  return table.foreignKeys
    .filter(({ references }) => aging.includes(references.table))
    .map(({ name, references }) => ({
      what: `Foreign key \`${name}\` of \`${table.name}\` keeps old rows of \`${references.table}\` in the database: the stack has no store`,
      expected: "`tenantry:store`, with which `tenantry lifecycle run` moves both tables' rows together",
      fix: "Add `tenantry:store` to the stack file, or remove the foreign key",
    }));
}

/**
 * Reference tables first, then the tenant root, then its children. Within each group, a table follows those that it
 * refers to.
 */
function tablesOf({ tables, tenant }: Application, file: SqlFile): Table[] {
  const rank = (table: Table) => (table.kind === "reference" ? 0 : table.name === tenant.table ? 1 : 2);
  return tables.filter((table) => table.file === file.path).toSorted((a, b) => rank(a) - rank(b));
}

function declareReference(steps: Steps, application: Application, table: ReferenceTable, after: readonly string[]) {
  const { schema, name, foreignKeys } = table;
  const grants = referenceTableGrants(application, table);
  return steps.add("ReferenceTable", nameOf(table), { schema, table: name, foreignKeys, grants }, after);
}

function distributed(
  application: Application,
  settings: DataPlaneSettings,
  table: TenantTable,
): DistributedTableInputs {
  const { tenant, schema, scope } = application;
  return {
    schema: table.schema,
    table: table.name,
    column: tenant.column,
    placement:
      scope?.model === "schema"
        ? { withSchema: true }
        : table.name === tenant.table
          ? { shardCount: settings.shardCount }
          : { colocateWith: `${schema}.${tenant.table}` },
    foreignKeys: table.foreignKeys,
  };
}

function partitionSet(
  { schema, name }: TenantTable,
  { by, every, ahead, retention, tiers }: Partition,
  { store }: DataPlaneSettings,
): PartitionSetInputs {
  return {
    schema,
    table: name,
    by,
    every,
    ahead,
    ...(retention && { retention }),
    ...(tiers && store ? { dropAfter: "export", exportAfter: tiers.database } : { dropAfter: "retention" }),
  };
}

function nameOf({ schema, name }: Table): string {
  return `${schema}.${name}`;
}
