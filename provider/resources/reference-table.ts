import { z } from "zod";
import type { ForeignKey } from "../../architecture/application";
import type { Grants, ReferenceTableInputs } from "../../architecture/data-plane/declaration";
import { Problems } from "../../common/problem";
import {
  copyToAllNodes,
  observePlaced,
  type Placement,
  truncateLocalRows,
  warnOfNoCitus,
} from "../citus/shard-placement";
import { applyParts, type TablePlan } from "../citus/table-plan";
import type { DatabaseFacts } from "../postgres/database";
import {
  type FoundForeignKey,
  foreignKeysAsInputs,
  foreignKeysDiffer,
  planForeignKeys,
} from "../postgres/live-foreign-keys";
import {
  type FoundGrants,
  grantsAsInputs,
  grantsFromState,
  noGrants,
  planGrants,
  readGrants,
  rolesThatDiffer,
  surplusGrants,
} from "../postgres/live-grants";
import {
  deleteTable,
  findTable,
  parseTableId,
  previewDelete,
  required,
  type TableName,
  tableId,
} from "../postgres/live-tables";
import type { Statement } from "../postgres/sql-statements";
import { type Reader, readerOf, runStatements } from "../postgres/sql-statements";
import { foreignKey, grants, identifier } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { Difference, ResourceHandler } from "../protocol/resource-handler";

export interface ReferenceTableState extends ReferenceTableInputs {
  /** `impossible`: this server has no Citus. `missing`: it has Citus, and the table is not copied to its nodes. */
  readonly copied: "yes" | "missing" | "impossible";
  /**
   * Privileges that can't be declared, by role, such as TRUNCATE or any privilege of PUBLIC. Empty if there are none.
   */
  readonly surplus: Readonly<Record<string, readonly string[]>>;
}

/** Table as found in the catalogs. */
interface FoundReferenceTable {
  /** Undefined without Citus. */
  readonly placement: Placement | undefined;
  readonly foreignKeys: readonly FoundForeignKey[];
  readonly grants: FoundGrants;
  readonly hasRows: boolean;
}

export const referenceTable: ResourceHandler<ReferenceTableInputs, ReferenceTableState> = {
  noun: "ReferenceTable",

  inputs: z.object({
    schema: identifier,
    table: identifier,
    foreignKeys: z.array(foreignKey),
    grants,
  }) satisfies z.ZodType<ReferenceTableInputs>,

  async readLive({ snapshot }, old) {
    const found = (await snapshot).grantsOf(old);
    const held = grantsAsInputs(found, old.grants);
    return { ...old, grants: held, surplus: surplusGrants(found, Object.keys(held)) };
  },

  diff(old, next) {
    const renamed = (["schema", "table"] as const).filter((path) => old[path] !== next[path]);
    const differences: Difference[] = renamed.map((path) => ({ path, how: "replace" }));
    if (old.copied === "missing") differences.push({ path: "copied", how: "update" });
    if (foreignKeysDiffer(old.foreignKeys, next.foreignKeys)) differences.push({ path: "foreignKeys", how: "update" });
    const roles = rolesThatDiffer(old.grants, next.grants);
    differences.push(...roles.map((role) => ({ path: `grants["${role}"]`, how: "update" as const })));
    if (Object.keys(old.surplus).length > 0) differences.push({ path: "surplus", how: "update" });
    return differences;
  },

  preview(old, next) {
    const lines = (statements: readonly Statement[]) => statements.map(({ sql }) => sql);
    if (next) {
      const { place, addKeys, validateKeys } = planReferenceTable(next, expectedFrom(old), old?.grants);
      const placed = place.length === 0 ? [] : ["-- where Citus is installed:", ...lines(place)];
      return [...placed, ...lines(addKeys), ...lines(validateKeys)];
    }
    return old ? [...lines(revokeAll(old, grantsFromState(old))), ...previewDelete(old)] : [];
  },

  async create(context, next) {
    return { id: tableId(next), state: await apply(context, next, undefined) };
  },

  update: (context, _id, old, next) => apply(context, next, old),

  async delete(context, _id, old) {
    await context.database.transaction(async (client) => {
      const read = readerOf(client);
      if (!(await findTable(read, old))) return;
      await runStatements(client, revokeAll(old, await readGrants(read, old)));
    });
    await deleteTable(context, old);
  },

  async read({ database }, id, old) {
    const name = old ?? parseTableId(id);
    const read = database.query.bind(database);
    const found = await observe(read, await database.facts, name, []);
    return found && asState({ ...name, ...declaredOf(old) }, found);
  },
};

/**
 * Statements that turn the found table into the wanted one. Roles that are no longer declared lose their privileges.
 */
export function planReferenceTable(
  next: ReferenceTableInputs,
  found: FoundReferenceTable,
  oldGrants: Grants = {},
): TablePlan {
  const keys = planForeignKeys(next, found.foreignKeys, next.foreignKeys, {
    partitioned: false,
    hasRows: found.hasRows,
  });
  const granted = planGrants(next, found.grants, next.grants, Object.keys(oldGrants));
  return {
    place: planPlacement(next, found.placement),
    addKeys: [...keys.add, ...granted],
    validateKeys: keys.validate,
  };
}

function revokeAll(old: ReferenceTableInputs, found: FoundGrants): readonly Statement[] {
  return planGrants(old, found, {}, Object.keys(old.grants));
}

function planPlacement(next: ReferenceTableInputs, found: Placement | undefined): readonly Statement[] {
  switch (found?.kind) {
    case undefined:
      return [];
    case "local":
      return [copyToAllNodes(next)];
    case "reference":
      return found.localRows ? [truncateLocalRows(next)] : [];
    case "schema":
      throw new Problems([
        {
          what: `${tableId(next)} lies in a tenant's schema, and is declared as a reference table`,
          fix: `move it out: ALTER TABLE ${tableId(next)} SET SCHEMA ..., and apply again`,
        },
      ]);
    case "distributed":
      throw new Problems([
        {
          what: `${tableId(next)} is distributed by ${found.column} in the database, and declared as a reference table`,
          fix: `declare it as \`tenant: true\`, or run SELECT undistribute_table('${tableId(next)}') and apply again`,
        },
      ]);
  }
}

/** Reads before each step, so a run after a kill continues. */
async function apply(
  context: Context,
  next: ReferenceTableInputs,
  old: ReferenceTableInputs | undefined,
): Promise<ReferenceTableState> {
  const { database } = context;
  const facts = await database.facts;
  if (facts.citus === undefined) warnOfNoCitus(context);
  const look = async (read: Reader) => required(await observe(read, facts, next, next.foreignKeys), next);
  const found = await applyParts(context, next, look, (seen) => planReferenceTable(next, seen, old?.grants));
  return asState(next, found);
}

/** Reads a table; undefined if it does not exist. */
async function observe(
  read: Reader,
  facts: Pick<DatabaseFacts, "citus">,
  name: TableName,
  wanted: readonly ForeignKey[],
): Promise<FoundReferenceTable | undefined> {
  const [placed, grants] = await Promise.all([observePlaced(read, facts, name, wanted), readGrants(read, name)]);
  return placed && { ...placed, grants };
}

type Declared = Pick<ReferenceTableInputs, "schema" | "table"> & Partial<ReferenceTableInputs>;

function declaredOf(old: ReferenceTableState | undefined): Partial<ReferenceTableInputs> {
  return old ? { foreignKeys: old.foreignKeys, grants: old.grants } : {};
}

function asState({ schema, table, ...declared }: Declared, found: FoundReferenceTable): ReferenceTableState {
  const held = grantsAsInputs(found.grants, declared.grants);
  return {
    schema,
    table,
    foreignKeys: foreignKeysAsInputs(found.foreignKeys, declared.foreignKeys),
    grants: held,
    copied: found.placement?.kind === "reference" ? "yes" : found.placement ? "missing" : "impossible",
    surplus: surplusGrants(found.grants, Object.keys(held)),
  };
}

/** Assumed content of the catalogs, for a preview without a server. */
function expectedFrom(old: ReferenceTableState | undefined): FoundReferenceTable {
  if (!old) return { placement: { kind: "local" }, foreignKeys: [], grants: noGrants, hasRows: false };
  return {
    placement:
      old.copied === "impossible"
        ? undefined
        : old.copied === "missing"
          ? { kind: "local" }
          : { kind: "reference", localRows: false },
    foreignKeys: old.foreignKeys.map((key) => ({ ...key, validated: true })),
    grants: grantsFromState(old),
    hasRows: true,
  };
}
