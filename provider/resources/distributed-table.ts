import { z } from "zod";
import type { DistributedTableInputs } from "../../architecture/data-plane/declaration";
import { outbox } from "../../architecture/data-plane/outbox-table";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import {
  distribute,
  observePlaced,
  type Placement,
  placementAsInputs,
  redistribute,
  truncateLocalRows,
  warnOfNoCitus,
} from "../citus/shard-placement";
import { applyParts, type TablePlan } from "../citus/table-plan";
import { awaitDrained } from "../events/drained-slots";
import {
  type FoundForeignKey,
  foreignKeysAsInputs,
  foreignKeysDiffer,
  planForeignKeys,
} from "../postgres/live-foreign-keys";
import {
  deleteTable,
  parseTableId,
  previewDelete,
  primaryKeyStart,
  required,
  type TableName,
  tableId,
} from "../postgres/live-tables";
import type { Reader, Statement } from "../postgres/sql-statements";
import { foreignKey, identifier, qualifiedName } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { Difference, ResourceHandler } from "../protocol/resource-handler";

export interface DistributedTableState extends DistributedTableInputs {
  /** `impossible`: this server has no Citus. `missing`: it has Citus, and the table is not distributed. */
  readonly distributed: "yes" | "missing" | "impossible";
}

/** Table as found in the catalogs. */
interface FoundDistributedTable {
  /** Undefined without Citus. */
  readonly placement: Placement | undefined;
  readonly foreignKeys: readonly FoundForeignKey[];
  readonly partitioned: boolean;
  readonly hasRows: boolean;
}

export const distributedTable: ResourceHandler<DistributedTableInputs, DistributedTableState> = {
  noun: "DistributedTable",

  inputs: z.object({
    schema: identifier,
    table: identifier,
    column: identifier,
    placement: z.union([
      z.object({ shardCount: z.int().min(1).max(64_000) }),
      z.object({ colocateWith: qualifiedName }),
      z.object({ withSchema: z.literal(true) }),
    ]),
    foreignKeys: z.array(foreignKey),
  }) satisfies z.ZodType<DistributedTableInputs>,

  check(old, next, allow) {
    if (!old || tableId(old) !== tableId(next)) return [];
    return refusals(next, rewrites(old, next), allow);
  },

  diff(old, next) {
    const renamed = (["schema", "table"] as const).filter((path) => old[path] !== next[path]);
    const differences: Difference[] = renamed.map((path) => ({ path, how: "replace" }));
    if (old.distributed === "missing") differences.push({ path: "distributed", how: "update" });
    if (old.distributed === "yes") {
      differences.push(...rewrites(old, next).map(({ path }) => ({ path, how: "update" as const })));
    }
    if (foreignKeysDiffer(old.foreignKeys, next.foreignKeys)) differences.push({ path: "foreignKeys", how: "update" });
    return differences;
  },

  preview(old, next) {
    if (!next) return old ? previewDelete(old) : [];
    const { place, addKeys, validateKeys } = planDistributedTable(next, expectedFrom(old), old);
    const warning =
      old?.distributed === "yes" ? `rewrites every row of ${tableId(next)}:` : "where Citus is installed:";
    const lines = [...addKeys, ...validateKeys].map(({ sql }) => sql);
    return place.length === 0 ? lines : [`-- ${warning}`, ...place.map(({ sql }) => sql), ...lines];
  },

  async create(context, next) {
    return { id: tableId(next), state: await apply(context, next, undefined) };
  },

  update: (context, _id, old, next) => apply(context, next, old),

  delete: (context, _id, old) => deleteTable(context, old),

  async read({ database }, id, old) {
    const name = old ?? parseTableId(id);
    const read = database.query.bind(database);
    const found = await observePlaced(read, await database.facts, name, []);
    return found && asState(name, found, old ?? { column: await primaryKeyStart(read, found.oid) });
  },
};

/**
 * Statements that turn the found table into the wanted one. A number of shards that differs from the declared one
 * stays unless the declaration changed, because splits and isolated tenants add shards.
 */
export function planDistributedTable(
  next: DistributedTableInputs,
  found: FoundDistributedTable,
  old: DistributedTableInputs | undefined,
): TablePlan {
  const { add, validate } = planForeignKeys(next, found.foreignKeys, next.foreignKeys, found);
  return { place: planPlacement(next, found.placement, old), addKeys: add, validateKeys: validate };
}

function planPlacement(
  next: DistributedTableInputs,
  found: Placement | undefined,
  old: DistributedTableInputs = next,
): readonly Statement[] {
  switch (found?.kind) {
    case undefined:
      return [];
    case "local":
      return "withSchema" in next.placement ? [] : [distribute(next)];
    case "schema":
      if ("withSchema" in next.placement) return [];
      throw new Problems([isInTenantSchema(next)]);
    case "reference":
      throw new Problems([isReferenceTable(next)]);
    case "distributed": {
      if ("withSchema" in next.placement) throw new Problems([isSharedTable(next)]);
      const current = { ...next, column: found.column, placement: placementAsInputs(next, found, old.placement) };
      const differs = rewrites(current, next).length > 0;
      return [
        ...(differs ? redistribute(next, found, current.placement) : []),
        ...(found.localRows ? [truncateLocalRows(next)] : []),
      ];
    }
  }
}

interface Rewrite {
  readonly path: "column" | "placement";
  readonly got: string;
  readonly expected: string;
}

/** Changes that move every row. */
function rewrites(old: DistributedTableInputs, next: DistributedTableInputs): readonly Rewrite[] {
  const changes: Rewrite[] = [];
  if (old.column !== next.column) changes.push({ path: "column", got: next.column, expected: old.column });
  const [got, expected] = [describePlacement(next), describePlacement(old)];
  // A table co-located with itself was imported from a server without Citus, where its placement can't be known.
  const unknown = "colocateWith" in old.placement && old.placement.colocateWith === tableId(old);
  if (got !== expected && !unknown) changes.push({ path: "placement", got, expected });
  return changes;
}

function describePlacement({ placement }: DistributedTableInputs): string {
  if ("withSchema" in placement) return "with its schema";
  return "shardCount" in placement ? `${placement.shardCount} shards of its own` : `beside ${placement.colocateWith}`;
}

function refusals(
  next: DistributedTableInputs,
  changes: readonly Rewrite[],
  allow: ReadonlySet<string>,
): readonly Problem[] {
  const optIn = `redistribute ${tableId(next)}`;
  if (allow.has(optIn)) return [];
  return changes.map(({ path, got, expected }) => ({
    what: `Changing the ${path === "column" ? "distribution column" : "placement"} of ${tableId(next)} rewrites every row of it, and blocks its writers meanwhile`,
    got,
    expected: `${expected}, as it is now`,
    fix: `set it back, or add \`${optIn}\` to tenantry:allow of the stack`,
  }));
}

function isReferenceTable(name: TableName): Problem {
  return {
    what: `${tableId(name)} is a reference table in the database, and declared as a tenant's`,
    fix: `declare it as \`reference: true\`, or run SELECT undistribute_table('${tableId(name)}') and apply again`,
  };
}

function isInTenantSchema(name: TableName): Problem {
  return {
    what: `${tableId(name)} lies in a tenant's schema, which Citus places as one, and is declared as all tenants'`,
    fix: `set \`tenantry:tenancy: schema\`, or run SELECT citus_schema_undistribute('${name.schema}') and apply again`,
  };
}

function isSharedTable(name: TableName): Problem {
  return {
    what: `${tableId(name)} is distributed by a column, and declared as a table of one tenant's schema`,
    fix: `run SELECT undistribute_table('${tableId(name)}'), then SELECT citus_schema_distribute('${name.schema}'), and apply again`,
  };
}

/** Reads before each step, so a run after a kill continues. */
async function apply(
  context: Context,
  next: DistributedTableInputs,
  old: DistributedTableInputs | undefined,
): Promise<DistributedTableState> {
  const { database } = context;
  const facts = await database.facts;
  const look = async (read: Reader) => required(await observePlaced(read, facts, next, next.foreignKeys), next);
  if (facts.citus === undefined) warnOfNoCitus(context);
  else await prepareRewrite(context, next, old, await look(database.query.bind(database)));
  const found = await applyParts(context, next, look, (seen) => planDistributedTable(next, seen, old));
  return asState(next, found, next);
}

/** Checks the opt-in to a change that moves rows, and waits until the slots have read the log. */
async function prepareRewrite(
  context: Context,
  next: DistributedTableInputs,
  old: DistributedTableInputs | undefined,
  before: FoundDistributedTable,
): Promise<void> {
  const current = asState(next, before, old ?? next);
  if (current.distributed !== "yes") return;
  const changes = rewrites(current, next);
  refuseIfAny(refusals(next, changes, context.allow));
  if (changes.length > 0 && isBesideOutbox(before)) await awaitDrained(context);
}

function isBesideOutbox({ placement }: FoundDistributedTable): boolean {
  return placement?.kind === "distributed" && placement.group.includes(tableId(outbox));
}

function asState(
  name: TableName,
  { placement, foreignKeys }: FoundDistributedTable,
  declared: Pick<DistributedTableInputs, "column"> & Partial<DistributedTableInputs>,
): DistributedTableState {
  const distributed = placement?.kind === "distributed" ? placement : undefined;
  const placed = distributed || placement?.kind === "schema";
  return {
    schema: name.schema,
    table: name.table,
    column: distributed?.column ?? declared.column,
    placement: distributed
      ? placementAsInputs(name, distributed, declared.placement)
      : placement?.kind === "schema"
        ? { withSchema: true }
        : (declared.placement ?? { colocateWith: tableId(name) }),
    foreignKeys: foreignKeysAsInputs(foreignKeys, declared.foreignKeys),
    distributed: placed ? "yes" : placement ? "missing" : "impossible",
  };
}

/** Assumed content of the catalogs, for a preview without a server. */
function expectedFrom(old: DistributedTableState | undefined): FoundDistributedTable {
  if (!old) return { placement: { kind: "local" }, foreignKeys: [], partitioned: true, hasRows: false };
  return {
    placement: expectedPlacement(old),
    foreignKeys: old.foreignKeys.map((key) => ({ ...key, validated: true })),
    partitioned: true,
    hasRows: true,
  };
}

function expectedPlacement({ distributed, placement, column, ...name }: DistributedTableState): Placement | undefined {
  if (distributed !== "yes") return distributed === "missing" ? { kind: "local" } : undefined;
  if ("withSchema" in placement) return { kind: "schema" };
  const group = "colocateWith" in placement ? [placement.colocateWith, tableId(name)] : [tableId(name)];
  const shardCount = "shardCount" in placement ? placement.shardCount : 0;
  return { kind: "distributed", column, shardCount, group, localRows: false };
}
