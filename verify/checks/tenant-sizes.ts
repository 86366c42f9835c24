import { quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, pass, skip, warn } from "../finding";
import { type Target, tenantRelations } from "../target";

/** Multiple of the average size from which a shard group is too large for its node. */
const mostTimesAverage = 4;
/** Share of a table from which a tenant has outgrown it. */
const mostShare = 0.5;
/** Size in bytes below which no move is worthwhile. */
const worthAMove = 2 ** 30;

/**
 * Finds tenants that outgrew their shard. It compares the sizes of shard groups on Citus, and the largest tenant's
 * share of each table, from ANALYZE's sample, on plain PostgreSQL.
 */
export const tenantSizes = tenantSizesFrom(worthAMove);

/** Makes the check with another minimal size in bytes. */
export function tenantSizesFrom(least: number): Check {
  return {
    name: "tenant sizes",
    claim: "no tenant has outgrown the shard, or the tables, that it shares with others",
    async run(target) {
      if (target.citus) return judgeShards(target.application.name, await readShardGroups(target), least);
      return judgeShares(target.application.name, await readShares(target), least);
    },
  };
}

/** Shards of all co-located tables that hold the same tenants. */
interface ShardGroup {
  readonly node: string;
  readonly bytes: number;
  /** One of its shards, named as in the documentation of isolate_tenant_to_new_shard. */
  readonly shard: string;
}

export function judgeShards(subject: string, groups: readonly ShardGroup[], least = worthAMove): readonly Finding[] {
  if (groups.length === 0) return [skip(subject, "no shard to measure")];
  const average = groups.reduce((sum, { bytes }) => sum + bytes, 0) / groups.length;
  const outgrown = groups.filter(({ bytes }) => bytes > least && bytes > mostTimesAverage * average);
  if (outgrown.length === 0) {
    const largest = Math.max(...groups.map(({ bytes }) => bytes));
    return [
      pass(subject, `${groups.length} groups of shards, the largest ${size(largest)}, on average ${size(average)}`),
    ];
  }
  return outgrown.map(({ node, bytes, shard }) =>
    warn(
      subject,
      `the shards beside ${shard} on ${node} hold ${size(bytes)}, ${(bytes / average).toFixed(1)} times the average: give their largest tenant a shard of its own`,
    ),
  );
}

export interface Share {
  readonly table: string;
  readonly bytes: number;
  /** Share of the largest tenant, from 0 to 1; null without a sample. */
  readonly share: number | null;
}

export function judgeShares(subject: string, shares: readonly Share[], least = worthAMove): readonly Finding[] {
  const known = shares.flatMap((each) => (each.share === null ? [] : [{ ...each, share: each.share }]));
  if (known.length === 0) return [skip(subject, "ANALYZE has seen no tenant often enough to tell its share")];
  const outgrown = known.filter(({ bytes, share }) => bytes > least && share > mostShare);
  const [largest] = known.toSorted((a, b) => b.share * b.bytes - a.share * a.bytes);
  if (outgrown.length === 0) {
    return [pass(subject, `the largest tenant has ${percent(largest?.share ?? 0)} of ${largest?.table}`)];
  }
  return outgrown.map(({ table, bytes, share }) =>
    warn(table, `one tenant has ${percent(share)} of its ${size(bytes)}: plan a shard, or a database, of its own`),
  );
}

const percent = (share: number) => `${Math.round(share * 100)}%`;
const size = (bytes: number) =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** Groups shards by their common hash range, on primaries only, because secondaries are listed too. */
async function readShardGroups({ admin }: Target): Promise<readonly ShardGroup[]> {
  const { rows } = await admin.query<ShardGroup>(
    `SELECT min(c.nodename || ':' || c.nodeport) AS node, sum(c.shard_size)::float8 AS bytes, min(c.shard_name) AS shard
     FROM citus_shards c JOIN pg_dist_shard s USING (shardid) JOIN pg_dist_node n USING (nodename, nodeport)
     WHERE n.noderole = 'primary' AND c.citus_table_type = 'distributed' AND s.shardminvalue IS NOT NULL
     GROUP BY c.colocation_id, s.shardminvalue`,
  );
  return rows;
}

/** The first of the most common values is the most common one. A partitioned table's statistics cover all of it. */
async function readShares(target: Target): Promise<readonly Share[]> {
  const { rows } = await target.admin.query<Share>(
    `SELECT n.nspname || '.' || c.relname AS table, s.most_common_freqs[1] AS share,
       (SELECT sum(pg_total_relation_size(tree.relid)) FROM pg_partition_tree(c.oid) tree)::float8 AS bytes
     FROM unnest($1::text[]) AS wanted(name) JOIN pg_class c ON c.oid = to_regclass(wanted.name)
       JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = $2
         AND s.inherited = (c.relkind = 'p')`,
    [tenantRelations(target).map(({ schema, name }) => quoteQualified(schema, name)), target.application.tenant.column],
  );
  return rows.map((row) => ({ ...row, bytes: row.bytes ?? 0 }));
}
