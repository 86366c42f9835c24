import type { ClientBase, DatabaseError } from "pg";
import type { Role } from "../architecture/application";
import { eventsSchema } from "../architecture/application-names";
import { hasOutbox, outbox } from "../architecture/data-plane/outbox-table";
import { quoteIdentifier, quoteQualified } from "../common/identifier";
import { canaryIn } from "./canary";
import { type CatalogPartition, type CatalogTable, readTables } from "./live-catalog";
import { withLogin } from "./login";
import { probeTenants } from "./probe-tenants";
import { constraintOf, type FindParent, NoRow, type Row, writeRow } from "./row-writer";
import { loginOf, type Relation, type Target, tenantRelations } from "./target";

/** Result of one statement, whose effects are undone. */
export type Attempt =
  | { readonly rows: readonly Row[]; readonly count: number; readonly refused?: never }
  | { readonly refused: string; readonly code: string; readonly constraint?: string | undefined };

/** Two probe tenants with a row in each table, and the application's roles to try statements as. */
export interface Probing {
  readonly tables: readonly CatalogTable[];
  /** `[owner, stranger]`. */
  readonly tenants: readonly [string, string];
  /** Row of a tenant in a table or a partition; undefined if none could be written. */
  row(tenant: string, relation: Relation): Row | undefined;
  /** Reason why no row could be written. */
  reason(relation: Relation): string | undefined;
  /** Unique values of this tenant's rows. */
  canaries(tenant: string): readonly string[];
  /** Finds the row that an invented row of this tenant refers to. */
  parentOf(tenant: string): FindParent;
  /** Runs `work` as the role, with the tenant's context or none, and undoes it. */
  as<T>(role: Role, tenant: string | undefined, work: (attempt: Attempter) => Promise<T>): Promise<T>;
  /** Like `as`, for many tries in one session, with a statement timeout. */
  session<T>(role: Role, timeout: string, work: (session: RoleSession) => Promise<T>): Promise<T>;
}

export interface RoleSession {
  /** Runs `work` with the tenant's context or none, and undoes it. */
  trial<T>(tenant: string | undefined, work: (client: ClientBase) => Promise<T>): Promise<T>;
}

export type Attempter = (sql: string, values?: readonly (string | null | readonly string[])[]) => Promise<Attempt>;

/**
 * Signs a statement of verify, so that nobody takes it for the application's own. A comment in the middle stays in
 * pg_stat_statements.
 */
export function signed(sql: string): string {
  return sql.replace(/^[\s(]*\w+/, `$& /* ${signature} */`);
}

export const signature = "tenantry verify";

/** Timeout of a statement. A longer scan is a bad sign too. */
const statementTimeout = "20s";

/**
 * Runs `work` with probe rows, which never outlive it.
 *
 * On plain PostgreSQL they are never committed: everything happens in one transaction of the admin's, each try as
 * another role under SET LOCAL ROLE in a savepoint. Nobody sees the rows, no trigger's effect stays, and a killed run
 * leaves nothing. On Citus a transaction sees its own rows on the workers only through the connections of the user who
 * wrote them, so there the rows are committed, the roles log in by themselves, and the rows are deleted at the end, or
 * by the next run if this one is killed: their tenants' ids are recognisable.
 */
export async function withProbes<T>(target: Target, work: (probing: Probing) => Promise<T>): Promise<T> {
  const { admin, application, citus } = target;
  const ids = probeTenants(application.tenant.type);
  const tenants = [ids.make(), ids.make()] as const;
  const tables = await readTables(admin, tenantRelations(target));
  if (citus) await clearProbes(target);
  const probe = async () => {
    await admin.query(`BEGIN; SET LOCAL statement_timeout = '${statementTimeout}'`);
    try {
      const rows = new ProbeRows(target, tables);
      for (const tenant of tenants) await rows.write(tenant);
      if (citus) await admin.query("COMMIT");
      const session: Probing["session"] = citus ? loginAs(target) : switchTo(admin);
      return await work({
        tables,
        tenants,
        row: (tenant, relation) => rows.written.get(rowKey(tenant, relation)),
        reason: (relation) => rows.reasons.get(relationKey(relation)),
        canaries: (tenant) => rows.canaries(tenant),
        parentOf: (tenant) => rows.parentOf(tenant),
        as: (role, tenant, tries) =>
          session(role, statementTimeout, ({ trial }) => trial(tenant, (client) => tries(attempter(client)))),
        session,
      });
    } finally {
      await admin.query("ROLLBACK").catch(() => {});
    }
  };
  return citus ? clearingProbes(target, probe) : probe();
}

/**
 * Runs `work`, then deletes what it left of probe tenants, even after a failure. If the deletion fails too, `work`'s
 * own error comes first, because it is the reason of the failed check.
 */
export async function clearingProbes<T>(target: Target, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await clearProbes(target).catch((second: unknown) => {
      throw new Error(`${messageOf(error)}; what the check wrote could not be removed either: ${messageOf(second)}`, {
        cause: error,
      });
    });
    throw error;
  }
  await clearProbes(target);
  return result;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Deletes rows of probe tenants of this and of killed runs, children first. */
async function clearProbes(target: Target): Promise<void> {
  const { column, type } = target.application.tenant;
  const condition = probeTenants(type).where(column);
  for (const { schema, name } of [...(await readTables(target.admin, tenantRelations(target)))].reverse()) {
    await target.admin.query(`DELETE FROM ${quoteQualified(schema, name)} WHERE ${condition}`);
  }
  await clearOwn(target);
}

/**
 * Deletes what checks wrote in the name of a tenant with its own schema or database, because no other tenant can
 * write there.
 */
async function clearOwn({ admin, application }: Target): Promise<void> {
  const tenant = application.scope?.tenant;
  if (!tenant) return;
  const schema = eventsSchema(application);
  const column = quoteIdentifier(application.tenant.column);
  for (const [table, condition] of [
    ...(hasOutbox(application) ? ([[outbox.table, "type = 'TenantryVerify'"]] as const) : []),
    ["processed_events", "starts_with(consumer, 'tenantry-verify')"],
  ] as const) {
    await admin.query(`DELETE FROM ${quoteQualified(schema, table)} WHERE ${column} = $1 AND ${condition}`, [
      tenant.id,
    ]);
  }
}

const relationKey = ({ schema, name }: Relation) => quoteQualified(schema, name);
const rowKey = (tenant: string, relation: Relation) => `${tenant} ${relationKey(relation)}`;

class ProbeRows {
  readonly written = new Map<string, Row>();
  readonly reasons = new Map<string, string>();

  constructor(
    private readonly target: Target,
    private readonly tables: readonly CatalogTable[],
  ) {}

  async write(tenant: string): Promise<void> {
    await this.target.admin.query("SELECT tenantry.set_tenant($1)", [tenant]);
    for (const table of this.tables) {
      await this.attempt(tenant, table, table, {});
      for (const partition of this.partitionsToFill(table)) {
        const { partitionColumn } = table;
        if (partitionColumn === null) continue;
        await this.attempt(tenant, table, partition, { [partitionColumn]: partition.from ?? "1900-01-01" });
      }
    }
  }

  /**
   * Partitions that get a row. On Citus rows are committed, so others must not react to them: events would be
   * published, so one tenant must do; and for rows ahead of now pg_partman would create more partitions.
   */
  private partitionsToFill(table: CatalogTable): readonly CatalogPartition[] {
    if (!this.target.citus) return table.partitions;
    return isOutbox(this.target.application, table)
      ? []
      : table.partitions.filter(({ from }) => from === null || new Date(from) <= new Date());
  }

  private async attempt(tenant: string, table: CatalogTable, relation: Relation, extra: Row): Promise<void> {
    const fixed = { ...fixedValues(this.target, table), [this.target.application.tenant.column]: tenant, ...extra };
    try {
      const row = await this.writePlanted(table, fixed, this.parentOf(tenant));
      this.written.set(rowKey(tenant, relation), row);
    } catch (error) {
      if (!(error instanceof NoRow)) throw error;
      this.reasons.set(relationKey(relation), error.message);
    }
  }

  /** Writes a row with as many canaries as the table accepts, else with the needed values only. */
  private async writePlanted(table: CatalogTable, fixed: Row, findParent: FindParent): Promise<Row> {
    try {
      return await writeRow(this.target.admin, table, fixed, findParent, { plant: true });
    } catch (error) {
      if (!(error instanceof NoRow)) throw error;
      return writeRow(this.target.admin, table, fixed, findParent);
    }
  }

  canaries(tenant: string): readonly string[] {
    const valuesOf = (isTenant: boolean) =>
      [...this.written].flatMap(([key, row]) => (key.startsWith(`${tenant} `) === isTenant ? Object.values(row) : []));
    const others = new Set(valuesOf(false));
    const own = valuesOf(true).flatMap((value) => (value === null || others.has(value) ? [] : (canaryIn(value) ?? [])));
    return [...new Set([tenant, ...own])];
  }

  parentOf(tenant: string): FindParent {
    return async ({ parent, columns, parentColumns }) => {
      const own = this.written.get(rowKey(tenant, parent));
      const { column } = this.target.application.tenant;
      if (own || columns.includes(column)) return own;
      const names = parentColumns.map((name) => `${quoteIdentifier(name)}::text AS ${quoteIdentifier(name)}`);
      const { admin, citus } = this.target;
      const { rows } = await admin.query<Row>(`SELECT ${names.join(", ")} FROM ${relationKey(parent)} LIMIT 1`);
      // Shared tables may have no row yet. On Citus it would be committed, and nobody would delete it.
      if (rows[0] || citus) return rows[0];
      const [table] = await readTables(admin, [parent]);
      return table && writeRow(admin, table, {}, this.parentOf(tenant));
    };
  }
}

/** Values that must be real, because they route the event. */
export function fixedValues({ application }: Pick<Target, "application">, table: Relation): Row {
  if (!isOutbox(application, table)) return {};
  const aggregate = application.events.aggregates[0]?.name ?? "tenantry";
  return { aggregate_type: aggregate, aggregate_id: "tenantry-verify", type: "TenantryVerify", payload: "{}" };
}

function isOutbox(application: Target["application"], { schema, name }: Relation): boolean {
  return schema === eventsSchema(application) && name === outbox.table;
}

function switchTo(admin: ClientBase): Probing["session"] {
  return (role, timeout, work) =>
    work({
      trial: async (tenant, tries) => {
        await admin.query(
          `SAVEPOINT role; SET LOCAL statement_timeout = '${timeout}'; SET LOCAL ROLE ${quoteIdentifier(role.user)}`,
        );
        const undo = () => admin.query("ROLLBACK TO role; RELEASE role");
        let result: Awaited<ReturnType<typeof tries>>;
        try {
          await setContext(admin, tenant);
          result = await tries(admin);
        } catch (error) {
          await undo().catch(() => {});
          throw error;
        }
        await undo();
        return result;
      },
    });
}

function loginAs(target: Target): Probing["session"] {
  return (role, timeout, work) => {
    const login = loginOf(target, role);
    const become = login ? "" : `; SET LOCAL ROLE ${quoteIdentifier(role.user)}`;
    const tryOn = async (client: ClientBase) => {
      // Otherwise a query of all shards opens a connection for each shard of a busy worker, and makes it busier.
      await client.query("SET citus.max_adaptive_executor_pool_size = 1");
      return work({
        trial: async (tenant, tries) => {
          try {
            await client.query(`BEGIN; SET LOCAL statement_timeout = '${timeout}'${become}`);
            await setContext(client, tenant);
            const result = await tries(client);
            await client.query("ROLLBACK");
            return result;
          } catch (error) {
            await client.query("ROLLBACK").catch(() => {});
            throw error;
          }
        },
      });
    };
    return login ? withLogin(target.endpoints.postgres, login, tryOn) : tryOn(target.admin);
  };
}

async function setContext(client: ClientBase, tenant: string | undefined): Promise<void> {
  if (tenant === undefined) await client.query("SET LOCAL app.tenant_id = ''");
  else await client.query("SELECT tenantry.set_tenant($1)", [tenant]);
}

function attempter(client: ClientBase): Attempter {
  const undo = () => client.query("ROLLBACK TO attempt; RELEASE attempt");
  return async (sql, values = []) => {
    await client.query("SAVEPOINT attempt");
    let found: { readonly rows: Row[]; readonly rowCount: number | null };
    try {
      found = await client.query<Row>(signed(sql), [...values]);
    } catch (error) {
      const { code, message } = error as DatabaseError;
      if (code === undefined) throw error;
      // If the connection ended, the server refused nothing.
      await undo().catch(() => {
        throw error;
      });
      return { refused: message, code, constraint: constraintOf(error as DatabaseError) };
    }
    await undo();
    return { rows: found.rows, count: found.rowCount ?? 0 };
  };
}
