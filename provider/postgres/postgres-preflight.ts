import type { Client } from "pg";
import type { DataPlaneSettings } from "../../architecture/data-plane/data-plane-settings";
import type { PostgresEndpoint, PostgresNode } from "../../architecture/endpoints";
import { quoteIdentifier } from "../../common/identifier";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import type { DatabaseFacts, Requirements } from "./database";
import { type ConnectOptions, connect, type Server } from "./postgres-connection";

const oldestVersion = 150000;

/** Reads the features of the server. Never writes. @throws Problems, all at once */
export async function preflight(
  endpoint: PostgresEndpoint,
  { citus = "auto", roles = [], databases = [] }: Requirements,
  { signal, warn }: Pick<ConnectOptions, "signal" | "warn"> = {},
): Promise<DatabaseFacts> {
  const isHere = (node: PostgresNode) => node.host === endpoint.host && node.port === endpoint.port;
  const client = await connect(endpoint, { signal, warn });
  const problems: Problem[] = [];
  let reading: DatabaseReading;
  try {
    reading = await readOne<DatabaseReading>(client, databaseReading, [roles]);
    problems.push(...judgeDatabase(reading, citus, databases.length > 0));
    for (const node of endpoint.nodes.filter(isHere))
      problems.push(...(await examineNode(client, node.name, databases)));
  } finally {
    await client.end();
  }
  const others = endpoint.nodes.filter((node) => !isHere(node));
  const found = await Promise.all(
    others.map((node) => examineServer({ ...endpoint, ...node }, node.name, databases, { signal, warn, known: true })),
  );
  refuseIfAny([...problems, ...found.flat()]);
  return factsOf(reading);
}

async function readOne<Row extends object>(client: Client, sql: string, values: unknown[]): Promise<Row> {
  const [row] = (await client.query<Row>(sql, values)).rows;
  if (!row) throw new Error("the server did not answer a question about itself");
  return row;
}

async function examineServer(
  server: Server,
  node: string,
  databases: readonly string[],
  options: ConnectOptions,
): Promise<readonly Problem[]> {
  let client: Client;
  try {
    client = await connect(server, options);
  } catch (error) {
    if (error instanceof Problems) return error.problems;
    throw error;
  }
  return examineNode(client, node, databases).finally(() => client.end());
}

async function examineNode(client: Client, node: string, databases: readonly string[]): Promise<readonly Problem[]> {
  return judgeNode(await readOne<NodeReading>(client, nodeReading, [node, databases]), node);
}

/** Facts about the whole database: version, rights, extensions, roles. */
export interface DatabaseReading {
  readonly version: number;
  readonly version_text: string;
  readonly database: string;
  readonly role: string;
  readonly powerful: boolean;
  /** Null for UTF8. */
  readonly other_encoding: string | null;
  readonly partman: string | null;
  readonly partman_schema: string | null;
  readonly partman_available: string | null;
  readonly citus: string | null;
  readonly citus_available: string | null;
  readonly missing_roles: readonly string[];
  /** Roles of the application that bypass row level security. */
  readonly unbound_roles: readonly string[];
}

// The managed services' administrators may create event triggers and logical slots without being superusers.
const databaseReading = `
  SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_text,
    current_database() AS database, current_user AS role,
    EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper
      OR rolname IN ('rds_superuser', 'azure_pg_admin', 'cloudsqlsuperuser', 'alloydbsuperuser') AND pg_has_role(oid, 'USAGE')) AS powerful,
    nullif(current_setting('server_encoding'), 'UTF8') AS other_encoding,
    (SELECT extversion FROM pg_extension WHERE extname = 'pg_partman') AS partman,
    (SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_partman') AS partman_schema,
    (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_partman') AS partman_available,
    (SELECT extversion FROM pg_extension WHERE extname = 'citus') AS citus,
    (SELECT default_version FROM pg_available_extensions WHERE name = 'citus') AS citus_available,
    ARRAY(SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (SELECT rolname FROM pg_roles) ORDER BY 1) AS missing_roles,
    ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($1::text[]) AND (rolsuper OR rolbypassrls) ORDER BY 1) AS unbound_roles`;

/** @param empty true if this database only creates others, which then get the extensions */
export function judgeDatabase(
  reading: DatabaseReading,
  citus: DataPlaneSettings["citus"],
  empty = false,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (reading.version < oldestVersion) {
    problems.push({
      what: "PostgreSQL is too old",
      got: reading.version_text,
      expected: "15 or newer",
      fix: "upgrade the server (pg_upgrade), or point the stack at a newer one",
    });
  }
  if (!reading.powerful) {
    problems.push({
      what: `The role "${reading.role}" has too few rights`,
      expected:
        "a superuser, or the administrator role of a managed service: event triggers and replication slots need it",
      fix: "let the stack's endpoints log in as such a role; the application's own roles stay without rights",
    });
  }
  if (reading.other_encoding) {
    problems.push({
      what: `The database "${reading.database}" is not in UTF-8, as Kafka's records are: text may become longer on the way, or be no text there`,
      got: reading.other_encoding,
      expected: "UTF8",
      fix: "make it with ENCODING 'UTF8' TEMPLATE template0, and move what it holds (pg_dump, pg_restore)",
    });
  }
  if ((empty ? reading.partman_available : reading.partman) === null) problems.push(partmanMissing(reading));
  if (citus === "required" && (empty ? reading.citus_available : reading.citus) === null) {
    problems.push(citusMissing(reading));
  }
  if (reading.missing_roles.length > 0) {
    problems.push({
      what: `${reading.missing_roles.length === 1 ? "A role is" : "Roles are"} missing in PostgreSQL`,
      got: `no ${reading.missing_roles.map((role) => `"${role}"`).join(", ")}`,
      fix: "let the platform create them (`tenantry local up` does for the local one), or create them with LOGIN and a password",
    });
  }
  problems.push(
    ...reading.unbound_roles.map((role) => ({
      what: `The application's role "${role}" is not bound by row level security, and would see every tenant's rows`,
      got: "SUPERUSER or BYPASSRLS",
      fix: `ALTER ROLE ${quoteIdentifier(role)} NOSUPERUSER NOBYPASSRLS`,
    })),
  );
  return problems;
}

function factsOf({ version, citus, partman, partman_schema: schema }: DatabaseReading): DatabaseFacts {
  return {
    version,
    ...(citus === null ? {} : { citus }),
    ...(partman === null || schema === null ? {} : { partman: { version: partman, schema } }),
  };
}

function partmanMissing({ partman_available: available, database }: DatabaseReading): Problem {
  return available === null
    ? {
        what: "The extension pg_partman is not installed on the server",
        expected: "pg_partman 4.7 or newer",
        fix: "install its package (Debian: postgresql-NN-partman), then CREATE EXTENSION in a schema `partman`",
      }
    : {
        what: `The extension pg_partman is installed on the server, but not created in the database "${database}"`,
        got: `available: ${available}`,
        fix: "CREATE SCHEMA partman; CREATE EXTENSION pg_partman SCHEMA partman",
      };
}

function citusMissing({ citus_available: available, database }: DatabaseReading): Problem {
  return {
    what:
      available === null
        ? "Citus is required, and not installed on the server"
        : `Citus is required, and installed on the server, but not created in the database "${database}"`,
    expected: "`tenantry:citus` is `required`",
    fix:
      available === null
        ? "install Citus, or set `tenantry:citus: auto` to apply everything but distribution"
        : "CREATE EXTENSION citus on every node, or set `tenantry:citus: auto` to apply everything but distribution",
  };
}

export interface NodeReading {
  readonly wal_level: string;
  readonly max_replication_slots: number;
  readonly used_slots: number;
  readonly max_wal_senders: number;
  readonly used_senders: number;
  /** Number of slots that the stack needs here and that do not exist yet. */
  readonly missing_slots: number;
  /** Null without Citus. */
  readonly citus_cdc: string | null;
  readonly max_worker_processes: number;
  /** Number of Citus databases that the stack creates here. Each needs a maintenance daemon. */
  readonly citus_databases: number;
}

/**
 * Background workers besides Citus' daemons: the replication launcher, pg_partman's two, the main database's daemon.
 */
const otherWorkers = 4;

const nodeReading = `
  SELECT current_setting('wal_level') AS wal_level,
    current_setting('max_replication_slots')::int AS max_replication_slots,
    (SELECT count(*)::int FROM pg_replication_slots) AS used_slots,
    current_setting('max_wal_senders')::int AS max_wal_senders,
    (SELECT count(*)::int FROM pg_stat_replication) AS used_senders,
    (SELECT count(*)::int FROM unnest(CASE WHEN $2::text[] = '{}' THEN ARRAY[current_database()::text] ELSE $2 END) AS wanted
      WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name LIKE '%\\_outbox\\_' || $1 AND database = wanted)) AS missing_slots,
    CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') OR $2 <> '{}' AND current_setting('citus.version', true) IS NOT NULL
      THEN coalesce(current_setting('citus.enable_change_data_capture', true), 'off') END AS citus_cdc,
    current_setting('max_worker_processes')::int AS max_worker_processes,
    CASE WHEN current_setting('citus.version', true) IS NULL THEN 0 ELSE cardinality($2) END AS citus_databases`;

/** Requirements of change data capture on each node that holds shards. */
export function judgeNode(reading: NodeReading, node: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (reading.wal_level !== "logical") {
    problems.push({
      what: `The node ${node} does not write logical WAL, which change data capture reads`,
      got: `wal_level = ${reading.wal_level}`,
      expected: "wal_level = logical",
      fix: "ALTER SYSTEM SET wal_level = 'logical' on that node, then restart it",
    });
  }
  const free = {
    max_replication_slots: reading.max_replication_slots - reading.used_slots,
    max_wal_senders: reading.max_wal_senders - reading.used_senders,
  };
  for (const [setting, left] of Object.entries(free)) {
    const lacking = reading.missing_slots - left;
    if (lacking <= 0) continue;
    const limit = reading[setting as keyof typeof free];
    problems.push({
      what: `The node ${node} has no room for ${reading.missing_slots === 1 ? "one more replication slot" : `${reading.missing_slots} more replication slots, one a silo`}`,
      got: `${setting} = ${limit}, ${left === 0 ? "all" : limit - left} in use`,
      expected: `${setting} of ${limit + lacking} or more`,
      fix: `ALTER SYSTEM SET ${setting} = ${limit + lacking + 4} on that node, then restart it; or drop slots that nobody reads (pg_replication_slots)`,
    });
  }
  const workers = reading.citus_databases + otherWorkers;
  if (reading.citus_databases > 0 && reading.max_worker_processes < workers) {
    problems.push({
      what: `The node ${node} has too few worker processes: Citus needs one in each silo, for transactions that stopped half-way and for deadlocks`,
      got: `max_worker_processes = ${reading.max_worker_processes}`,
      expected: `${workers} or more with ${reading.citus_databases} silos`,
      fix: `ALTER SYSTEM SET max_worker_processes = ${workers + 4} on that node, then restart it`,
    });
  }
  if (reading.citus_cdc === "off") {
    problems.push({
      what: `The node ${node} would emit rows twice while shards move`,
      got: "citus.enable_change_data_capture = off",
      expected: "on",
      fix: "ALTER SYSTEM SET citus.enable_change_data_capture = on on that node, then restart it",
    });
  }
  return problems;
}
