import type { Reader } from "../postgres/sql-statements";

/** What one node holds of the distributed tables. */
export interface Holding {
  readonly group: number;
  /** The node's name; for a node that the stack doesn't know, its address. */
  readonly node: string;
  /** Shard groups: the shards of co-located tables for one range of tenants count as one, as they move together. */
  readonly shards: number;
  readonly bytes: number;
}

/** Every primary, also one that holds nothing. `names` are the stack's own, by group. Asks every node for its sizes. */
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
 * Tables spread by a column, and those of one shard, such as a schema's; not the copies of reference tables, nor the
 * coordinator's own.
 */
const isDistributed = "(partmethod = 'h' OR partmethod = 'n' AND repmodel = 's' AND colocationid <> 0)";

/** Shard groups by group of nodes, without their sizes: asks nobody but the coordinator. */
export async function countShards(read: Reader): Promise<ReadonlyMap<number, number>> {
  const rows = await read<{ group: number; shards: number }>(
    `SELECT groupid AS group, count(DISTINCT (colocationid, shardminvalue))::int AS shards
     FROM pg_dist_placement JOIN pg_dist_shard USING (shardid) JOIN pg_dist_partition USING (logicalrelid)
     WHERE ${isDistributed} GROUP BY groupid`,
  );
  return new Map(rows.map(({ group, shards }) => [group, shards]));
}

/** What a rebalance would move. */
export interface Move {
  readonly shards: number;
  readonly bytes: number;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * What moves when the shards are spread evenly over `nodes`, and nothing is left elsewhere. An estimate: Citus decides by
 * size, and moves no more than it must.
 */
export function estimateMove(holdings: readonly Holding[], nodes: readonly string[]): Move {
  const held = nodes.map((node) => holdings.find((each) => each.node === node) ?? { node, shards: 0, bytes: 0 });
  const leaving = holdings.filter(({ node, shards }) => shards > 0 && !nodes.includes(node));
  const total = [...held, ...leaving].reduce((sum, { shards }) => sum + shards, 0);
  const share = Math.floor(total / nodes.length);
  // Where the shards don't divide evenly, those that hold most keep one more.
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
