import type { Reader } from "../postgres/sql-statements";

/** Shards of the distributed tables on one node. */
export interface Holding {
  readonly group: number;
  /** The node's name, or its address if the stack does not know it. */
  readonly node: string;
  /**
   * Number of shard groups. The shards of co-located tables for one range of tenants count as one, because they move
   * together.
   */
  readonly shards: number;
  readonly bytes: number;
}

/**
 * Reads the holdings of every primary, also of empty ones, and asks every node for sizes. `names` has the stack's
 * names by group.
 */
export async function readHoldings(read: Reader, names: ReadonlyMap<number, string>): Promise<readonly Holding[]> {
  const rows = await read<{ group: number; address: string; shards: number; bytes: string }>(
    `WITH held AS (
       SELECT placement.groupid, colocationid, shardminvalue, size
       FROM pg_dist_placement AS placement JOIN pg_dist_shard USING (shardid)
       JOIN pg_dist_partition USING (logicalrelid) LEFT JOIN citus_shard_sizes() ON shard_id = shardid
       WHERE ${isDistributed})
     SELECT groupid AS group, nodename || ':' || nodeport AS address, coalesce(sum(size), 0)::text AS bytes,
       count(DISTINCT (colocationid, shardminvalue)) FILTER (WHERE colocationid IS NOT NULL)::int AS shards
     FROM pg_dist_node LEFT JOIN held USING (groupid) WHERE noderole = 'primary'
     GROUP BY groupid, nodename, nodeport ORDER BY groupid`,
  );
  return rows.map(({ group, address, shards, bytes }) => ({
    ...{ group, shards, bytes: Number(bytes) },
    node: names.get(group) ?? address,
  }));
}

/**
 * Tables distributed by a column and single-shard tables, such as a schema's. Reference tables and local tables are
 * left out.
 */
const isDistributed = "(partmethod = 'h' OR partmethod = 'n' AND repmodel = 's' AND colocationid <> 0)";

/** Number of shard groups by node group, without sizes. It asks only the coordinator. */
export async function countShards(read: Reader): Promise<ReadonlyMap<number, number>> {
  const rows = await read<{ group: number; shards: number }>(
    `SELECT groupid AS group, count(DISTINCT (colocationid, shardminvalue))::int AS shards
     FROM pg_dist_placement JOIN pg_dist_shard USING (shardid) JOIN pg_dist_partition USING (logicalrelid)
     WHERE ${isDistributed} GROUP BY groupid`,
  );
  return new Map(rows.map(({ group, shards }) => [group, shards]));
}

/** Size of a rebalance. */
export interface Move {
  readonly shards: number;
  readonly bytes: number;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * Estimates what moves to spread the shards evenly over `nodes` and leave nothing elsewhere. Citus decides by size,
 * and moves no more than it must.
 */
export function estimateMove(holdings: readonly Holding[], nodes: readonly string[]): Move {
  const held = nodes.map((node) => holdings.find((each) => each.node === node) ?? { node, shards: 0, bytes: 0 });
  const leaving = holdings.filter(({ node, shards }) => shards > 0 && !nodes.includes(node));
  const total = [...held, ...leaving].reduce((sum, { shards }) => sum + shards, 0);
  const share = Math.floor(total / nodes.length);
  // If the shards don't divide evenly, the nodes with most keep one more.
  const ranked = held.toSorted((a, b) => b.shards - a.shards);
  const targets = ranked.map((each, rank) => ({ ...each, target: share + (rank < total % nodes.length ? 1 : 0) }));
  const givers = [...targets, ...leaving.map((each) => ({ ...each, target: 0 }))].filter(
    ({ shards, target }) => shards > target,
  );
  const takers = targets.filter(({ shards, target }) => shards < target);
  return {
    shards: givers.reduce((sum, { shards, target }) => sum + shards - target, 0),
    bytes: Math.round(givers.reduce((sum, { shards, target, bytes }) => sum + (bytes * (shards - target)) / shards, 0)),
    from: givers.map(({ node }) => node).sort(),
    to: takers.map(({ node }) => node).sort(),
  };
}
