import type { Client } from "pg";
import type { Application, Role, TenantTable } from "../architecture/application";
import { eventsSchema } from "../architecture/application-names";
import type { Declaration } from "../architecture/data-plane/declaration";
import { hasOutbox, outbox } from "../architecture/data-plane/outbox-table";
import type { Endpoints, Login } from "../architecture/endpoints";
import { connect } from "../provider/postgres/postgres-connection";
import type { Store } from "../store/store";

/** Running stack that verify checks. */
export interface Target {
  readonly application: Application;
  readonly endpoints: Endpoints;
  readonly declarations: readonly Declaration[];
  /** Other tenants with their own schema or database. @default none */
  readonly neighbours?: readonly Neighbour[];
  /** Time in which an event must reach Kafka, in milliseconds. */
  readonly eventTimeoutMs: number;
  readonly leaks: LeakOptions;
  /** The stack's store. @default none */
  readonly store?: Store;
  /** Connection of the stack's admin, outside a transaction. Checks use it one after another. */
  readonly admin: Client;
  /** Citus' version, undefined on plain PostgreSQL. */
  readonly citus: string | undefined;
}

/** Options of the generated queries of the check `leaks`. */
interface LeakOptions {
  /** Seed of the queries: the same seed and database give the same queries. @default 1 */
  readonly seed: number;
  /** Total number of queries, shared among the roles. @default 1_000 */
  readonly queries: number;
}

export const leakDefaults: LeakOptions = { seed: 1, queries: 1_000 };

/** Another tenant, and the place of its rows. */
export interface Neighbour {
  readonly name: string;
  readonly id: string;
  readonly schema: string;
  readonly database: string;
}

export interface TargetOptions {
  readonly application: Application;
  readonly endpoints: Endpoints;
  readonly declarations: readonly Declaration[];
  readonly neighbours?: readonly Neighbour[];
  /** @default 30_000 */
  readonly eventTimeoutMs?: number;
  /** @default leakDefaults */
  readonly leaks?: LeakOptions;
  /** @default none */
  readonly store?: Store;
}

/** Connects to the database. @throws Problems if that fails */
export async function openTarget({
  eventTimeoutMs = 30_000,
  leaks = leakDefaults,
  ...options
}: TargetOptions): Promise<Target> {
  const admin = await connect(options.endpoints.postgres);
  const { rows } = await admin.query<{ citus: string }>(
    "SELECT extversion AS citus FROM pg_extension WHERE extname = 'citus'",
  );
  return { ...options, eventTimeoutMs, leaks, admin, citus: rows[0]?.citus };
}

/** Table with rows of tenants, by its name in the catalogs. */
export interface Relation {
  readonly schema: string;
  readonly name: string;
}

/** Every tenant table: the application's, then the toolkit's. Empty for the shared part if tenants have schemas. */
export function tenantRelations({
  application,
  declarations = [],
}: Pick<Target, "application"> & Partial<Pick<Target, "declarations">>): readonly Relation[] {
  if (application.scope && !application.scope.tenant) return [];
  const own = application.tables.filter((table): table is TenantTable => table.kind === "tenant");
  const schema = eventsSchema(application);
  const events = hasOutbox(application) ? [{ schema, name: outbox.table }] : [];
  // The claim check and the requests for cold rows have tables where the stack has a store.
  const named = new Set(own.map(({ schema, name }) => `${schema}.${name}`));
  const others = declarations.flatMap(({ noun, inputs }) =>
    noun === "DistributedTable" && inputs.schema === schema && !named.has(`${schema}.${inputs.table}`)
      ? [{ schema, name: inputs.table }]
      : [],
  );
  return [...own, ...events, { schema, name: "processed_events" }, ...others];
}

/** Login of the role, if the endpoints have it. */
export function loginOf({ endpoints }: Pick<Target, "endpoints">, role: Role): Login | undefined {
  return endpoints.postgres.roles[role.name];
}
