import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { z } from "zod";
import type { CitusNodeInputs } from "../../architecture/data-plane/declaration";
import type { PostgresNode } from "../../architecture/endpoints";
import { type Problem, Problems } from "../../common/problem";
import { groupOf, readMembers, setShouldHaveShards } from "../citus/citus-nodes";
import { keepShardCatalogs, shardCatalogsKept } from "../citus/shard-catalogs";
import { countShards } from "../citus/shard-holdings";
import { warnOfNoCitus } from "../citus/shard-placement";
import { readerOf, runStatement } from "../postgres/sql-statements";
import { node } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

interface CitusNodeState extends CitusNodeInputs {
  /** Number of the node's group in Citus; undefined on plain PostgreSQL. */
  readonly group?: number;
}

/** Time for Patroni to register a group whose pods are ready, in ms. */
const registrationMs = 180_000;
const pollMs = 1_000;

/**
 * Membership of a node in the Citus cluster. A node that joins a cluster with data may hold no shards yet: only a
 * ShardRebalance, which comes after the node's slot and connector, allows it to.
 *
 * Delete removes an empty node from the cluster. A node that may hold shards stays a member, because then the stack
 * goes and not the node.
 */
export const citusNode: ResourceHandler<CitusNodeInputs, CitusNodeState> = {
  noun: "CitusNode",

  inputs: z.object({ node, registeredBy: z.enum(["patroni", "tenantry"]) }) satisfies z.ZodType<CitusNodeInputs>,

  diff(old, next) {
    return [
      ...(old.node.name === next.node.name ? [] : [{ path: "node.name", how: "replace" as const }]),
      ...(old.node.host === next.node.host ? [] : [{ path: "node.host", how: "update" as const }]),
      ...(old.node.port === next.node.port ? [] : [{ path: "node.port", how: "update" as const }]),
    ];
  },

  preview(old, next) {
    if (!next) return old ? [`-- ${old.node.name}, if it was emptied:`, removal("HOST", "PORT")] : [];
    const { name, host, port } = next.node;
    const lines =
      next.registeredBy === "patroni"
        ? [`-- Patroni registers ${name}; in a cluster with data it may hold no shards before its slot is there`]
        : [`-- if ${name} is no member yet:`, `SELECT citus_add_node('${host}', ${port})`];
    return old ? [] : lines;
  },

  async create(context, next) {
    return { id: nodeId(next.node), state: await join(context, next) };
  },

  update: (context, _id, _old, next) => join(context, next),

  async delete({ database, log }, _id, { node, group }) {
    if (group === undefined || group === 0 || (await database.facts).citus === undefined) return;
    const read = database.query.bind(database);
    const own = (await readMembers(read)).filter((member) => member.group === group);
    const primary = own.find((member) => member.primary);
    if (primary?.shouldHaveShards) {
      log(`${node.name} stays a member of the cluster, with its shards`);
      return;
    }
    const left = (await countShards(read)).get(group) ?? 0;
    if (left > 0) throw new Problems([holdsShards(node, left)]);
    await database.locked(async (client) => {
      // Removes standbys first, because Citus refuses to leave one without its primary.
      for (const { host, port } of own.toSorted((a, b) => Number(a.primary) - Number(b.primary))) {
        await runStatement(client, { sql: removal("$1", "$2"), values: [host, port] });
      }
    });
  },

  async read({ database }, id, old) {
    const { node, registeredBy } = old ?? { node: parseNodeId(id), registeredBy: "tenantry" };
    if ((await database.facts).citus === undefined) return { node, registeredBy };
    const group = await groupOf(database, node);
    return group === undefined ? undefined : { node, registeredBy, group };
  },
};

/** `NAME@HOST:PORT`, because an import must know where to look. */
export function nodeId({ name, host, port }: PostgresNode): string {
  return `${name}@${host}:${port}`;
}

function parseNodeId(id: string): PostgresNode {
  const [, name, host, port] = /^([^@]+)@(.+):(\d+)$/.exec(id) ?? [];
  if (name && host && port) return { name, host, port: Number(port) };
  throw new Problems([
    {
      what: "This is no node's id",
      got: id,
      expected: "NAME@HOST:PORT, such as `worker_1@10.0.0.11:5432`",
      fix: "import it by this id",
    },
  ]);
}

const removal = (host: string, port: string) => `SELECT citus_remove_node(${host}, ${port})`;

/** Adds the node to the database's cluster, unless it is a member. */
export async function join(context: Context, next: CitusNodeInputs): Promise<CitusNodeState> {
  const { database } = context;
  if ((await database.facts).citus === undefined) {
    warnOfNoCitus(context);
    return next;
  }
  const group =
    next.registeredBy === "patroni" ? await registered(context, next.node) : await added(context, next.node);
  if (group > 0) await prepare(context, next.node, group);
  return { ...next, group };
}

async function registered({ database, log, signal }: Context, node: PostgresNode): Promise<number> {
  for (const started = Date.now(); ; ) {
    const group = await groupOf(database, node);
    if (group !== undefined) return group;
    const waited = Date.now() - started;
    if (waited >= registrationMs) throw new Problems([notRegistered(node)]);
    if (waited < pollMs) log(`waits until Patroni has registered ${node.name}`);
    await sleep(pollMs, undefined, { signal });
  }
}

async function added({ database }: Context, node: PostgresNode): Promise<number> {
  const found = await groupOf(database, node);
  if (found !== undefined) return found;
  await database.transaction(async (client) => {
    await runStatement(client, { sql: "SELECT citus_add_node($1, $2)", values: [node.host, node.port] });
    const spread = await countShards(readerOf(client));
    if (spread.size > 0) await setShouldHaveShards(client, node, false);
  });
  const group = await groupOf(database, node);
  if (group === undefined) throw new Problems([anotherServer(node)]);
  return group;
}

/** Adds to a node what Citus does not propagate, and forbids shards on a node without any while others have some. */
async function prepare({ database }: Context, node: PostgresNode, group: number): Promise<void> {
  const read = database.query.bind(database);
  const logins = await read<Login>("SELECT rolename, authinfo FROM pg_dist_authinfo WHERE nodeid = 0");
  if (logins.length > 0) await database.onNode(node, (client) => passOn(client, logins));
  if (!(await shardCatalogsKept(read))) await database.transaction(keepShardCatalogs);
  const spread = await countShards(read);
  if (spread.size === 0 || spread.has(group)) return;
  const primary = (await readMembers(read)).find((member) => member.group === group && member.primary);
  if (primary?.shouldHaveShards) await database.transaction((client) => setShouldHaveShards(client, primary, false));
}

/** Login of a role from one node to any other. */
interface Login {
  readonly rolename: string;
  /** Connection options with the password. */
  readonly authinfo: string;
}

/** Citus propagates roles to a new node, but not the passwords that roles use from there to other nodes. */
async function passOn(client: Client, logins: readonly Login[]): Promise<void> {
  for (const { rolename, authinfo } of logins) {
    await client.query(
      `INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) SELECT 0, $1, $2
       WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = $1) ON CONFLICT DO NOTHING`,
      [rolename, authinfo],
    );
  }
}

function holdsShards({ name }: PostgresNode, left: number): Problem {
  return {
    what: `The node ${name} still holds shards, so it can't leave the cluster`,
    got: `${left} shard groups`,
    expected: "none, once a ShardRebalance without it has run",
    fix: "run again: what is left is moved first",
  };
}

function notRegistered({ name, host, port }: PostgresNode): Problem {
  return {
    what: `Patroni has not registered the node ${name}`,
    got: `no group for ${host}:${port} in pg_dist_node after ${registrationMs / 1_000} s`,
    fix: "see the log of the coordinator's primary pod, then run again",
  };
}

function anotherServer({ name, host, port }: PostgresNode): Problem {
  return {
    what: `The coordinator added another server than ${name} is from here`,
    got: `${host}:${port}`,
    expected: "a name that leads to the same server from here and from the coordinator",
    fix: "SELECT citus_remove_node what was added; add the node by the coordinator's name for it (citus_add_node), then run again",
  };
}
