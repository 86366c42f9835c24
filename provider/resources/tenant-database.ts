import type { Client } from "pg";
import { z } from "zod";
import type { TenantDatabaseInputs } from "../../architecture/declaration";
import type { Login, PostgresEndpoint } from "../../architecture/endpoints";
import { quoteIdentifier } from "../../architecture/identifier";
import { tenantLogin } from "../../architecture/names";
import { type Problem, Problems } from "../../architecture/problem";
import type { Context } from "../context";
import { identifier, node } from "../input-schemas";
import type { Kind } from "../kind";
import { maintenanceOf, setMaintenance } from "../partman-worker";
import { openDatabase } from "../postgres";
import { runStatement } from "../statements";
import { join } from "./citus-node";

export interface TenantDatabaseState extends TenantDatabaseInputs {
  /** What is not there, as it was found: `database on worker_1`, `pg_partman`. */
  readonly missing: readonly string[];
}

/** Where a database is to be: the coordinator, which may hold no shards, and the nodes that do. */
interface Place {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/**
 * The database of one tenant on every node, with Citus where that is loaded, and pg_partman. It acts from another database
 * of these servers. Deleting it keeps the database and its rows, unless the stack says so.
 */
export const tenantDatabase: Kind<TenantDatabaseInputs, TenantDatabaseState> = {
  noun: "TenantDatabase",

  inputs: z.object({
    database: identifier,
    tenant: identifier,
    nodes: z.array(node),
  }) satisfies z.ZodType<TenantDatabaseInputs>,

  diff(old, next) {
    const names = ({ nodes }: TenantDatabaseInputs) => nodes.map(({ name, host, port }) => `${name}@${host}:${port}`);
    return [
      ...(old.database === next.database ? [] : [{ path: "database", how: "replace" as const }]),
      ...(old.tenant === next.tenant ? [] : [{ path: "tenant", how: "update" as const }]),
      ...(names(old).join() === names(next).join() ? [] : [{ path: "nodes", how: "update" as const }]),
      ...(old.missing.length === 0 ? [] : [{ path: "missing", how: "update" as const }]),
    ];
  },

  preview(old, next) {
    const { database } = next ?? old ?? { database: "" };
    if (!next) {
      return [
        `-- the database stays with its rows, unless tenantry:allow has "drop ${database}":`,
        dropDatabase(database),
      ];
    }
    return [
      "-- on every node that has no such database:",
      createDatabase(next.database),
      "-- where Citus is loaded:",
      createCitus,
      ...createPartman,
    ];
  },

  async create(context, next) {
    return { id: next.database, state: await ensure(context, next) };
  },

  update: (context, _id, _old, next) => ensure(context, next),

  async delete({ database: servers, allow, log, warn }, _id, { database, nodes }) {
    const optIn = `drop ${database}`;
    if (!allow.has(optIn)) {
      warn(`the database ${database} stays with its rows; to drop it, add \`${optIn}\` to tenantry:allow beforehand`);
      return;
    }
    await servers.locked((client) => setMaintenance(client, database, false));
    for (const place of placesOf(servers.endpoint, nodes)) {
      await servers.onNode(place, (client) => runStatement(client, { sql: dropDatabase(database) }));
    }
    log(`dropped the database ${database} with its rows`);
  },

  async read({ database: servers }, id, old) {
    const { endpoint } = servers;
    const inputs = old ?? { database: id, tenant: id, nodes: endpoint.nodes };
    const { database, tenant, nodes } = inputs;
    const missing: string[] = [];
    const places = placesOf(endpoint, nodes);
    for (const place of places) {
      if (!(await servers.onNode(place, (client) => exists(client, database))))
        missing.push(`database on ${place.name}`);
    }
    if (missing.length === places.length) return undefined;
    if (missing.length === 0) {
      missing.push(...(await servers.onNode(endpoint, (client) => missingIn(client, places.length > 1), database)));
      const maintained = await servers.onNode(endpoint, (client) => maintenanceOf(client, database));
      if (maintained === "unlisted") missing.push("maintenance by pg_partman");
    }
    return { database, tenant, nodes, missing };
  },
};

// Like @pulumi/postgresql's and every database that must not depend on what somebody put into template1.
const createDatabase = (name: string) => `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING 'UTF8'`;
const dropDatabase = (name: string) => `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`;
const createCitus = "CREATE EXTENSION IF NOT EXISTS citus";
const createPartman = [
  "CREATE SCHEMA IF NOT EXISTS partman",
  "CREATE EXTENSION IF NOT EXISTS pg_partman WITH SCHEMA partman",
];

async function ensure(context: Context, next: TenantDatabaseInputs): Promise<TenantDatabaseState> {
  const { database: servers } = context;
  const { endpoint } = servers;
  const places = placesOf(endpoint, next.nodes);
  const citus = await hasCitus(context, places);
  for (const place of places) {
    await servers.onNode(place, async (client) => {
      if (!(await exists(client, next.database))) await runStatement(client, { sql: createDatabase(next.database) });
    });
  }
  const alone = places.length === 1;
  const inside = (place: Place, work: (client: Client) => Promise<void>) => servers.onNode(place, work, next.database);
  if (citus) {
    // Before nodes join: that is the first time that one connects to another.
    const logins = alone ? [] : loginsOf(endpoint, next.tenant);
    for (const place of places) {
      await inside(place, async (client) => {
        await runStatement(client, { sql: createCitus });
        await authenticate(client, logins);
      });
    }
  }
  await inside({ name: "coordinator", host: endpoint.host, port: endpoint.port }, async (client) => {
    if (citus && !alone) await nameCoordinator(client, endpoint);
    for (const sql of createPartman) await runStatement(client, { sql });
    await ensureStatistics(client);
  });
  if (citus && !alone) await joinNodes(context, next);
  const maintained = await servers.locked(async (client) => {
    await setMaintenance(client, next.database, true);
    return maintenanceOf(client, next.database);
  });
  if (maintained !== "listed") {
    context.warn(`nothing maintains partitions in ${next.database} yet: add it to pg_partman_bgw.dbname of the server`);
  }
  return { ...next, missing: [] };
}

/** Here, and not by the silo's own CitusNodes: they would at the same time as other silos' do. */
async function joinNodes(context: Context, { database: name, nodes }: TenantDatabaseInputs): Promise<void> {
  const { endpoint } = context.database;
  const database = openDatabase({ ...endpoint, database: name }, { signal: context.signal, warn: context.warn });
  try {
    const others = nodes.filter(({ host, port }) => host !== endpoint.host || port !== endpoint.port);
    for (const node of others) await join({ ...context, database }, { node, registeredBy: "tenantry" });
  } finally {
    await database.close();
  }
}

function placesOf({ host, port }: PostgresEndpoint, nodes: readonly Place[]): Place[] {
  const others = nodes.filter((each) => each.host !== host || each.port !== port);
  return [{ name: "coordinator", host, port }, ...others];
}

/** Several nodes are nothing without it. Asked before anything is made. */
async function hasCitus({ database: servers }: Context, places: readonly Place[]): Promise<boolean> {
  const without: string[] = [];
  for (const place of places) {
    const loaded = await servers.onNode(place, async (client) => {
      const { rows } = await client.query<{ loaded: boolean }>(
        "SELECT current_setting('citus.version', true) IS NOT NULL AS loaded",
      );
      return rows[0]?.loaded;
    });
    if (!loaded) without.push(place.name);
  }
  if (without.length > 0 && places.length > 1) throw new Problems([notLoaded(without)]);
  return without.length === 0;
}

function notLoaded(nodes: readonly string[]): Problem {
  return {
    what: "A silo's database can't be made on several nodes, as not all of them have Citus",
    got: `not loaded on ${nodes.join(", ")}`,
    expected: "`citus` in shared_preload_libraries of every node",
    fix: "load it and restart these servers, or list one node in the endpoints",
  };
}

async function exists(client: Client, database: string): Promise<boolean> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [database]);
  return rowCount === 1;
}

async function missingIn(client: Client, severalNodes: boolean): Promise<string[]> {
  const wanted = ["pg_partman", ...(severalNodes ? ["citus"] : [])];
  const { rows } = await client.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (SELECT extname FROM pg_extension)",
    [wanted],
  );
  return rows.map(({ name }) => name);
}

/** Who goes from one node to another in the tenant's database. */
function loginsOf({ user, password, roles }: PostgresEndpoint, tenant: string): Login[] {
  const own = Object.entries(roles).filter(([role]) => role === "cdc" || role.startsWith(tenantLogin(tenant, "")));
  return [{ user, password }, ...own.map(([, login]) => login)];
}

/** By which passwords: roles propagate to the nodes, these rows do not. */
async function authenticate(client: Client, logins: readonly Login[]): Promise<void> {
  for (const { user, password } of logins) {
    await client.query(
      `INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, $1, $2)
       ON CONFLICT (rolename, nodeid) DO UPDATE SET authinfo = excluded.authinfo`,
      [user, `password='${password.replaceAll(/['\\]/g, "\\$&")}'`],
    );
  }
}

/** The name by which the others know it. Where it holds shards itself, it is among the nodes. */
async function nameCoordinator(client: Client, { host, port, nodes }: PostgresEndpoint): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT FROM pg_dist_node WHERE groupid = 0 AND nodename = $1 AND nodeport = $2",
    [host, port],
  );
  if (rowCount === 0) await client.query("SELECT citus_set_coordinator_host($1, $2)", [host, port]);
  const holds = nodes.some((node) => node.host === host && node.port === port);
  await client.query("SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)", [host, port, holds]);
}

/** Where it is loaded, in a schema of its own: in `public` every role could read what the others have run. */
async function ensureStatistics(client: Client): Promise<void> {
  const { rows } = await client.query<{ loaded: boolean }>(
    "SELECT current_setting('pg_stat_statements.max', true) IS NOT NULL AS loaded",
  );
  if (!rows[0]?.loaded) return;
  await runStatement(client, { sql: "CREATE SCHEMA IF NOT EXISTS statistics" });
  await runStatement(client, { sql: "CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA statistics" });
}
