import type { Client } from "pg";
import { z } from "zod";
import { tenantLogin } from "../../architecture/application-names";
import {
  canCountStatements,
  createCitus,
  createDatabase,
  createPartman,
  createStatistics,
  setNodeLogin,
} from "../../architecture/data-plane/database-statements";
import type { TenantDatabaseInputs } from "../../architecture/data-plane/declaration";
import type { Login, PostgresEndpoint } from "../../architecture/endpoints";
import { quoteIdentifier } from "../../common/identifier";
import { type Problem, Problems } from "../../common/problem";
import { fingerprintOf, isFingerprintOf, outdatedLogins, setNodeLogins } from "../citus/node-logins";
import { maintenanceOf, setMaintenance } from "../partitions/partman-worker";
import type { Database } from "../postgres/database";
import { refuseOthers } from "../postgres/owner";
import { openDatabase } from "../postgres/postgres";
import { readerOf, runStatement } from "../postgres/sql-statements";
import { identifier, node } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";
import { join } from "./citus-node";

interface TenantDatabaseState extends TenantDatabaseInputs {
  /** Missing parts, as found: `database on worker_1`, `pg_partman`. */
  readonly missing: readonly string[];
  /** Roles whose password on a node differs from the endpoints, as found: `shop_acme_app on worker_1`. */
  readonly outdated?: readonly string[];
  /** Fingerprint of the passwords that roles use between nodes; undefined with one node. Kept as a secret. */
  readonly logins?: string;
}

/** Places of the database: the coordinator, which may hold no shards, and the nodes that hold some. */
interface Place {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Database of one tenant on every node, with pg_partman, and with Citus if it is loaded. The handler works from
 * another database of the same servers. Delete keeps the database and its rows, unless the stack's opt-in allows the
 * drop.
 */
export const tenantDatabase: ResourceHandler<TenantDatabaseInputs, TenantDatabaseState> = {
  noun: "TenantDatabase",

  inputs: z.object({
    database: identifier,
    tenant: identifier,
    nodes: z.array(node),
  }) satisfies z.ZodType<TenantDatabaseInputs>,

  diff(old, next, endpoint) {
    const logins = endpoint ? loginsBetween(endpoint, next) : [];
    const names = ({ nodes }: TenantDatabaseInputs) => nodes.map(({ name, host, port }) => `${name}@${host}:${port}`);
    return [
      ...(old.database === next.database ? [] : [{ path: "database", how: "replace" as const }]),
      ...(old.tenant === next.tenant ? [] : [{ path: "tenant", how: "update" as const }]),
      ...(names(old).join() === names(next).join() ? [] : [{ path: "nodes", how: "update" as const }]),
      ...(old.missing.length === 0 ? [] : [{ path: "missing", how: "update" as const }]),
      ...(old.outdated === undefined ? [] : [{ path: "outdated", how: "update" as const }]),
      ...(logins.length === 0 || isFingerprintOf(old.logins, logins)
        ? []
        : [{ path: "logins", how: "update" as const }]),
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
    const logins = [
      "-- with several nodes, on each, the passwords by which roles go from one to another:",
      setNodeLogin,
    ];
    // The endpoints are not known here. If nothing else differs, the passwords count as equal.
    if (old && tenantDatabase.diff(old, next).every(({ path }) => path === "outdated")) return logins;
    return [
      "-- on every node that has no such database:",
      createDatabase(next.database),
      "-- where Citus is loaded:",
      createCitus,
      ...createPartman,
      ...logins,
    ];
  },

  async create(context, next) {
    return { id: next.database, state: await ensure(context, next) };
  },

  update: (context, _id, _old, next) => ensure(context, next),

  async delete(context, _id, { database, nodes }) {
    const { database: servers, allow, log, warn } = context;
    const optIn = `drop ${database}`;
    if (!allow.has(optIn)) {
      warn(`the database ${database} stays with its rows; to drop it, add \`${optIn}\` to tenantry:allow beforehand`);
      return;
    }
    await refuseOthersIn(context, database);
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
    const logins = loginsBetween(endpoint, inputs);
    const places = placesOf(endpoint, nodes);
    const missing = (await placesWithout(servers, places, database)).map(({ name }) => `database on ${name}`);
    if (missing.length === places.length) return undefined;
    if (missing.length === 0) {
      missing.push(...(await servers.onNode(endpoint, (client) => missingIn(client, places.length > 1), database)));
      const maintained = await servers.onNode(endpoint, (client) => maintenanceOf(client, database));
      if (maintained === "unlisted") missing.push("maintenance by pg_partman");
    }
    const found = { database, tenant, nodes, missing };
    if (missing.length > 0 || logins.length === 0) return { ...found, ...(old?.logins && { logins: old.logins }) };
    const outdated: string[] = [];
    for (const place of places) {
      const there = await servers.onNode(place, (client) => outdatedLogins(client, logins), database);
      outdated.push(...there.map(({ user }) => `${user} on ${place.name}`));
    }
    // Keeps the fingerprint, because a new salt would look like a change.
    const known = outdated.length > 0 || isFingerprintOf(old?.logins, logins);
    const fingerprint = known ? old?.logins : fingerprintOf(logins);
    return { ...found, ...(outdated.length > 0 && { outdated }), ...(fingerprint && { logins: fingerprint }) };
  },
};

const dropDatabase = (name: string) => `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`;

async function ensure(context: Context, next: TenantDatabaseInputs): Promise<TenantDatabaseState> {
  const { database: servers } = context;
  const { endpoint } = servers;
  const places = placesOf(endpoint, next.nodes);
  const citus = await hasCitus(context, places);
  const without = await placesWithout(servers, places, next.database);
  await refuseParts(servers, places, without, next.database);
  if (without.length < places.length) await refuseOthersIn(context, next.database);
  for (const place of without) {
    await servers.onNode(place, (client) => runStatement(client, { sql: createDatabase(next.database) }));
  }
  const alone = places.length === 1;
  const logins = loginsBetween(endpoint, next);
  const inside = (place: Place, work: (client: Client) => Promise<void>) => servers.onNode(place, work, next.database);
  if (citus) {
    // Runs before nodes join, which is when they first connect to each other.
    for (const place of places) {
      await inside(place, async (client) => {
        await runStatement(client, { sql: createCitus });
        if (!alone) await setNodeLogins(client, logins);
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
  return { ...next, missing: [], ...(!alone && { logins: fingerprintOf(logins) }) };
}

/** A silo of another stack is not joined, maintained or dropped by this one. */
async function refuseOthersIn({ database: servers, owner, allow }: Context, database: string): Promise<void> {
  const { host, port } = servers.endpoint;
  const [missing] = await placesWithout(servers, [{ name: "coordinator", host, port }], database);
  if (!owner || missing) return;
  await servers.onNode(servers.endpoint, (client) => refuseOthers(readerOf(client), owner, database, allow), database);
}

/** Joins the nodes here and not in the silo's CitusNodes, which would run at the same time as those of other silos. */
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

/** Requires Citus for several nodes, before anything is created. */
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

async function placesWithout(servers: Database, places: readonly Place[], database: string): Promise<Place[]> {
  const without: Place[] = [];
  for (const place of places) {
    const question = "SELECT FROM pg_database WHERE datname = $1";
    const { rowCount } = await servers.onNode(place, (client) => client.query(question, [database]));
    if (rowCount === 0) without.push(place);
  }
  return without;
}

/**
 * If the database was dropped on some nodes only, a new one in its place would hide that its shards are lost or left
 * over.
 */
async function refuseParts(
  servers: Database,
  places: readonly Place[],
  without: readonly Place[],
  database: string,
): Promise<void> {
  const [coordinator] = places;
  if (!coordinator || without.length === 0 || without.length === places.length) return;
  const lost = without.includes(coordinator)
    ? [coordinator]
    : await servers.onNode(coordinator, (client) => joined(client, without), database);
  if (lost.length > 0) throw new Problems([inParts(database, lost, places)]);
}

/** Addresses that are nodes of the session's database. */
async function joined(client: Client, places: readonly Place[]): Promise<Place[]> {
  if ((await missingIn(client, true)).includes("citus")) return [];
  const { rows } = await client.query<{ host: string; port: number }>(
    "SELECT nodename AS host, nodeport AS port FROM pg_dist_node",
  );
  return places.filter((place) => rows.some(({ host, port }) => host === place.host && port === place.port));
}

function inParts(database: string, lost: readonly Place[], places: readonly Place[]): Problem {
  const names = (of: readonly Place[]) => of.map(({ name }) => name).join(", ");
  return {
    what: `The database ${database} was dropped on some nodes, and others still have their part of it`,
    got: `none on ${names(lost)}`,
    expected: `on ${names(places)}, or on none of them`,
    fix: `restore it there from a backup; or, to begin with an empty one, DROP DATABASE ${quoteIdentifier(database)} on the others too, then run \`tenantry up --refresh\``,
  };
}

async function missingIn(client: Client, severalNodes: boolean): Promise<string[]> {
  const wanted = ["pg_partman", ...(severalNodes ? ["citus"] : [])];
  const { rows } = await client.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (SELECT extname FROM pg_extension)",
    [wanted],
  );
  return rows.map(({ name }) => name);
}

/** Roles that connect between nodes in the tenant's database; none with one node. */
function loginsBetween(endpoint: PostgresEndpoint, { tenant, nodes }: TenantDatabaseInputs): Login[] {
  if (placesOf(endpoint, nodes).length === 1) return [];
  const { user, password, roles } = endpoint;
  const own = Object.entries(roles).filter(([role]) => role === "cdc" || role.startsWith(tenantLogin(tenant, "")));
  return [{ user, password }, ...own.map(([, login]) => login)];
}

/** Name of the coordinator among the nodes. If it holds shards itself, it is one of them. */
async function nameCoordinator(client: Client, { host, port, nodes }: PostgresEndpoint): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT FROM pg_dist_node WHERE groupid = 0 AND nodename = $1 AND nodeport = $2",
    [host, port],
  );
  if (rowCount === 0) await client.query("SELECT citus_set_coordinator_host($1, $2)", [host, port]);
  const holds = nodes.some((node) => node.host === host && node.port === port);
  await client.query("SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)", [host, port, holds]);
}

async function ensureStatistics(client: Client): Promise<void> {
  if ((await client.query(canCountStatements)).rowCount === 0) return;
  for (const sql of createStatistics) await runStatement(client, { sql });
}
