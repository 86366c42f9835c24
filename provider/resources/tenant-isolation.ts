import { z } from "zod";
import type { TenantIsolationInputs } from "../../architecture/data-plane/declaration";
import { expectedInstead } from "../../architecture/tenancy/tenant-value";
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
  findTable,
  parseTableId,
  primaryKeyStart,
  required,
  requireTable,
  type TableName,
  tableId,
} from "../postgres/live-tables";
import {
  collectGaps,
  type FoundRowSecurity,
  openTable,
  planRowSecurity,
  readRowSecurity,
  tableWithGaps,
} from "../postgres/row-security";
import type { Statement } from "../postgres/sql-statements";
import { type Reader, readerOf, runStatements } from "../postgres/sql-statements";
import { grants, identifier, tenantType } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { Difference, ResourceHandler } from "../protocol/resource-handler";

export interface TenantIsolationState extends TenantIsolationInputs {
  /** Reasons why tables are not isolated as declared, by table or partition. Empty if they are. */
  readonly gaps: Readonly<Record<string, readonly string[]>>;
  /**
   * Privileges that can't be declared, by role, such as TRUNCATE or any privilege of PUBLIC. Empty if there are none.
   */
  readonly surplus: Readonly<Record<string, readonly string[]>>;
}

/** Tenant table as found in the catalogs. */
interface FoundIsolation {
  /** The table and its partitions, partitions first. */
  readonly tables: readonly FoundRowSecurity[];
  readonly grants: FoundGrants;
}

const isGone = "the table is gone";

export const tenantIsolation: ResourceHandler<TenantIsolationInputs, TenantIsolationState> = {
  noun: "TenantIsolation",

  inputs: z.object({
    schema: identifier,
    table: identifier,
    column: identifier,
    type: tenantType,
    onlyTenant: z.string().min(1).exactOptional(),
    grants,
  }) satisfies z.ZodType<TenantIsolationInputs>,

  check(_old, { column, type, onlyTenant, ...name }) {
    const expected = onlyTenant === undefined ? undefined : expectedInstead(type, onlyTenant);
    if (onlyTenant === undefined || expected === undefined) return [];
    return [
      {
        what: `The only tenant of ${tableId(name)} is no value of ${column}`,
        got: onlyTenant,
        expected: `${expected}, as the column is ${type}`,
        fix: "correct `onlyTenant`",
      },
    ];
  },

  async readLive({ snapshot }, old) {
    const all = await snapshot;
    const tables = all.rowSecurityOf(old);
    // The update reports the missing table, and how to bring it back.
    if (tables.length === 0) return { ...old, gaps: { [tableId(old)]: [isGone] } };
    return asState(old, { tables, grants: all.grantsOf(old) });
  },

  diff(old, next) {
    const changed = (paths: readonly (keyof TenantIsolationInputs)[], how: Difference["how"]): Difference[] =>
      paths.filter((path) => old[path] !== next[path]).map((path) => ({ path, how }));
    const updates = [
      ...rolesThatDiffer(old.grants, next.grants).map((role) => `grants["${role}"]`),
      ...Object.keys(old.gaps).map((table) => `gaps["${table}"]`),
      ...(Object.keys(old.surplus).length > 0 ? ["surplus"] : []),
    ];
    return [
      ...changed(["schema", "table"], "replace"),
      ...changed(["column", "type", "onlyTenant"], "update"),
      ...updates.map((path) => ({ path, how: "update" as const })),
    ];
  },

  preview(old, next) {
    if (next) return planIsolation(next, expectedFrom(old, next), old).map(({ sql }) => sql);
    if (!old) return [];
    const revoked = planGrants(old, grantsFromState(old), {}, Object.keys(old.grants)).map(({ sql }) => sql);
    return ["-- row level security stays on", ...revoked];
  },

  async create(context, next) {
    return { id: tableId(next), state: await apply(context, next, undefined) };
  },

  update: (context, _id, old, next) => apply(context, next, old),

  async delete({ database, log }, _id, old) {
    await database.transaction(async (client) => {
      const read = readerOf(client);
      if (!(await findTable(read, old))) return;
      await runStatements(client, planGrants(old, await readGrants(read, old), {}, Object.keys(old.grants)));
      log(`${tableId(old)} keeps its row level security; the application's roles lost their privileges on it`);
    });
  },

  async read({ database }, id, old) {
    const name = old ?? parseTableId(id);
    const read = database.query.bind(database);
    const found = await observe(read, name);
    return found && asState(old ?? { ...name, ...(await readTenancy(read, name)) }, found);
  },
};

/** Statements for the missing parts only. Roles that are no longer declared lose their privileges. */
function planIsolation(
  next: TenantIsolationInputs,
  found: FoundIsolation,
  old: TenantIsolationInputs | undefined,
): readonly Statement[] {
  return [
    ...found.tables.flatMap((table) => planRowSecurity(table, next)),
    ...planGrants(next, found.grants, next.grants, Object.keys(old?.grants ?? {})),
  ];
}

/** Runs in one transaction, so that no role gets a table that is not isolated. */
async function apply(
  { database }: Context,
  next: TenantIsolationInputs,
  old: TenantIsolationInputs | undefined,
): Promise<TenantIsolationState> {
  const look = async (read: Reader) => required(await observe(read, next), next);
  return asState(next, await database.settle(look, (found) => planIsolation(next, found, old)));
}

/** Reads a table; undefined if it does not exist. */
async function observe(read: Reader, name: TableName): Promise<FoundIsolation | undefined> {
  const [tables, grants] = await Promise.all([readRowSecurity(read, name), readGrants(read, name)]);
  return tables.length === 0 ? undefined : { tables, grants };
}

function asState(
  {
    schema,
    table,
    column,
    type,
    onlyTenant,
    ...declared
  }: Omit<TenantIsolationInputs, "grants"> & Partial<TenantIsolationInputs>,
  { tables, grants: found }: FoundIsolation,
): TenantIsolationState {
  const held = grantsAsInputs(found, declared.grants);
  return {
    ...{ schema, table, column, type, grants: held },
    ...(onlyTenant !== undefined && { onlyTenant }),
    gaps: collectGaps(tables, { column, type, ...(onlyTenant !== undefined && { onlyTenant }) }),
    surplus: surplusGrants(found, Object.keys(held)),
  };
}

/** Inputs that an import reads: the first column of the key, and its type. */
async function readTenancy(read: Reader, name: TableName): Promise<Pick<TenantIsolationInputs, "column" | "type">> {
  const { oid: tableOid } = await requireTable(read, name);
  const column = await primaryKeyStart(read, tableOid);
  const [row] = await read<{ type: string }>(
    "SELECT format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = $1::oid AND attname = $2",
    [tableOid, column],
  );
  return { column, type: tenantType.catch("uuid").parse(row?.type) };
}

/** Assumed content of the catalogs, for a preview without a server. Partitions are known only by their gaps. */
function expectedFrom(old: TenantIsolationState | undefined, next: TenantIsolationInputs): FoundIsolation {
  if (!old) return { tables: [openTable(next)], grants: noGrants };
  const same = old.column === next.column && old.type === next.type && old.onlyTenant === next.onlyTenant;
  const gaps = same ? [] : [tableWithGaps(next, [], old)];
  return {
    tables: [...gaps, ...Object.entries(old.gaps).map(([id, why]) => tableWithGaps(parseTableId(id), why, next))],
    grants: grantsFromState(old),
  };
}
