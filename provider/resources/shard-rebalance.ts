import type { Client } from "pg";
import { z } from "zod";
import type { ShardRebalanceInputs } from "../../architecture/data-plane/declaration";
import type { PostgresNode } from "../../architecture/endpoints";
import { type Problem, refuseIfAny } from "../../common/problem";
import { roundSize } from "../../common/size";
import { groupOf, type Member, readMembers, setShouldHaveShards } from "../citus/citus-nodes";
import { awaitEarlierRebalance, rebalance, startRebalance } from "../citus/rebalance";
import { countShards, estimateMove, type Holding, readHoldings } from "../citus/shard-holdings";
import { warnOfNoCitus } from "../citus/shard-placement";
import { awaitDrained } from "../events/drained-slots";
import type { Database } from "../postgres/database";
import { readerOf } from "../postgres/sql-statements";
import { node } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

export interface ShardRebalanceState extends ShardRebalanceInputs {
  /** Shards of each node at the last read; empty on plain PostgreSQL. */
  readonly holdings: readonly Holding[];
}

/** Rounds of emptying a leaving node: tables may be created while others move. */
const rounds = 3;

/**
 * Nodes that hold shards. An update empties the nodes that left the list and gives shards to new ones, both online,
 * in one rebalance that Citus runs in the background. It ends when the slots of the emptied nodes have been read to
 * their end, so that slot, membership and server may then go.
 *
 * After a kill the rebalance goes on in the database. The next run waits for it and does the rest.
 */
export const shardRebalance: ResourceHandler<ShardRebalanceInputs, ShardRebalanceState> = {
  noun: "ShardRebalance",

  inputs: z.object({ nodes: z.array(node).min(1, "shards need a node") }) satisfies z.ZodType<ShardRebalanceInputs>,

  diff: (old, next) => (addresses(old.nodes) === addresses(next.nodes) ? [] : [{ path: "nodes", how: "update" }]),

  preview(old, next) {
    if (!next) return [];
    if (old) return describeChange(old, next, old.holdings, "as the last run left them");
    return [`-- if a node of ${namesOf(next.nodes).join(", ")} holds no shards yet:`, startRebalance];
  },

  async previewLive(read, old, next) {
    if (!next || !old || old.holdings.length === 0) return shardRebalance.preview(old, next);
    const names = new Map(old.holdings.map(({ group, node }) => [group, node]));
    return describeChange(old, next, await readHoldings(read, names), "as they are now");
  },

  async create(context, next) {
    return { id: "shards", state: await apply(context, next, undefined) };
  },

  update: (context, _id, old, next) => apply(context, next, old),

  /** The shards stay where they are. */
  async delete() {},

  async read({ database }, _id, old) {
    if (!old) return undefined;
    // A check without a server knows only the inputs.
    const { nodes, holdings = [] }: Partial<ShardRebalanceState> & ShardRebalanceInputs = old;
    if ((await database.facts).citus === undefined) return { nodes, holdings };
    const members = await readMembers(database.query.bind(database));
    const groups = await groupsByName(database, nodes);
    const holds = (group: number | undefined) =>
      members.some((member) => member.group === group && member.primary && member.shouldHaveShards);
    return {
      nodes: nodes.filter(({ name }) => holds(groups.get(name))),
      holdings: await currentHoldings(database, groups, holdings),
    };
  },
};

function addresses(nodes: readonly PostgresNode[]): string {
  return nodes
    .map(({ name, host, port }) => `${name}@${host}:${port}`)
    .sort()
    .join();
}

function namesOf(nodes: readonly PostgresNode[]): readonly string[] {
  return nodes.map(({ name }) => name);
}

function describeChange(
  old: ShardRebalanceState,
  next: ShardRebalanceInputs,
  holdings: readonly Holding[],
  when: string,
): readonly string[] {
  const names = namesOf(next.nodes);
  const joining = names.filter((name) => !namesOf(old.nodes).includes(name));
  const leaving = namesOf(old.nodes).filter((name) => !names.includes(name));
  if (joining.length === 0 && leaving.length === 0) return [];
  const move = estimateMove(holdings, names);
  const sum = (key: "shards" | "bytes") => holdings.reduce((total, holding) => total + holding[key], 0);
  const bytes = `${roundSize({ bytes: move.bytes })} of ${roundSize({ bytes: sum("bytes") })}`;
  return [
    `-- about ${move.shards} of ${sum("shards")} shard groups, ${bytes} (${when}), move online` +
      (move.shards === 0 ? "" : ` from ${move.from.join(", ")} to ${move.to.join(", ")}`),
    ...leaving.map((name) => `SELECT citus_set_node_property(…, 'shouldhaveshards', false) -- of ${name}`),
    startRebalance,
    ...leaving.map((name) => `-- then every event of ${name} is read before its connector, slot and membership go`),
  ];
}

/** Reads, and does what is missing, so a run after a kill continues. */
async function apply(
  context: Context,
  next: ShardRebalanceInputs,
  old: ShardRebalanceState | undefined,
): Promise<ShardRebalanceState> {
  const { database } = context;
  if ((await database.facts).citus === undefined) {
    warnOfNoCitus(context);
    return { ...next, holdings: [] };
  }
  const groups = await groupsByName(database, next.nodes);
  refuseIfAny(next.nodes.filter(({ name }) => groups.get(name) === undefined).map(notMember));
  const wanted = new Set(groups.values());
  const joining = old ? namesOf(next.nodes).filter((name) => !namesOf(old.nodes).includes(name)) : [];
  const emptied = await database.resumed((client) => move(context, client, wanted, old, joining.length > 0));
  if (emptied.length > 0) await awaitDrained(context, { groups: emptied, before: "their node leaves" });
  return { ...next, holdings: await currentHoldings(database, groups, []) };
}

/** Returns the groups whose nodes hold no shards any more. */
async function move(
  context: Context,
  client: Client,
  wanted: ReadonlySet<number | undefined>,
  old: ShardRebalanceState | undefined,
  isJoined: boolean,
): Promise<readonly number[]> {
  const read = readerOf(client);
  const primaries = (await readMembers(read)).filter(({ primary }) => primary);
  const others = primaries.filter(({ group }) => !wanted.has(group));
  const own = old ? namesOf(old.nodes) : [];
  const known = new Set(old?.holdings.filter(({ node }) => own.includes(node)).map(({ group }) => group));
  const shards = await countShards(read);
  refuseIfAny(strangers(others, shards, known));
  for (const member of others.filter(({ shouldHaveShards }) => shouldHaveShards)) {
    await setShouldHaveShards(client, member, false);
  }
  // A killed run may have left a rebalance that runs, and may have wanted other nodes.
  await awaitEarlierRebalance(context, client);
  for (const member of primaries.filter(({ group, shouldHaveShards }) => wanted.has(group) && !shouldHaveShards)) {
    await setShouldHaveShards(client, member, true);
  }
  const isUneven = isJoined || [...wanted].some((group) => !shards.has(group ?? 0));
  for (let round = 1; round <= rounds; round++) {
    const held = await countShards(read);
    const isLeft = others.some(({ group }) => held.has(group));
    if (held.size === 0 || !(isLeft || (isUneven && round === 1))) break;
    await rebalance(context, client);
  }
  const held = await countShards(read);
  refuseIfAny(
    others.filter(({ group }) => held.has(group)).map((member) => notEmptied(member, held.get(member.group))),
  );
  return others.map(({ group }) => group).filter((group) => shards.has(group) || known.has(group));
}

async function groupsByName(
  database: Database,
  nodes: readonly PostgresNode[],
): Promise<ReadonlyMap<string, number | undefined>> {
  const groups = new Map<string, number | undefined>();
  for (const node of nodes) groups.set(node.name, await groupOf(database, node));
  return groups;
}

/** Keeps the old sizes while each node has the same number of shards: a changed number of rows is no drift. */
async function currentHoldings(
  database: Database,
  groups: ReadonlyMap<string, number | undefined>,
  old: readonly Holding[],
): Promise<readonly Holding[]> {
  const names = new Map([...groups].flatMap(([name, group]) => (group === undefined ? [] : [[group, name] as const])));
  const now = await readHoldings(database.query.bind(database), names);
  const counts = (holdings: readonly Holding[]) => JSON.stringify(holdings.map(({ node, shards }) => [node, shards]));
  return counts(now) === counts(old) ? old : now;
}

/** Nodes that no declaration empties: an incomplete list of nodes must not move production data. */
function strangers(
  others: readonly Member[],
  shards: ReadonlyMap<number, number>,
  known: ReadonlySet<number>,
): readonly Problem[] {
  return others
    .filter(({ group, shouldHaveShards }) => shouldHaveShards && shards.has(group) && !known.has(group))
    .map(({ group, host, port }) => ({
      what: `The node ${host}:${port} holds shards, and is not among the stack's nodes: its events are read by nobody`,
      got: `${shards.get(group)} shard groups`,
      fix: `add it to \`nodes\` of the stack's endpoints; or let it be emptied: SELECT citus_set_node_property('${host}', ${port}, 'shouldhaveshards', false), then run again`,
    }));
}

function notMember({ name, host, port }: PostgresNode): Problem {
  return {
    what: `The node ${name} is no member of the cluster`,
    got: `no group for ${host}:${port} in pg_dist_node`,
    fix: "run again with `--refresh`: it joins the node first",
  };
}

function notEmptied({ host, port }: Member, shards = 0): Problem {
  return {
    what: `The node ${host}:${port} could not be emptied`,
    got: `${shards} shard groups are left after ${rounds} rebalances`,
    fix: "see SELECT * FROM get_rebalance_table_shards_plan(), and run again",
  };
}
