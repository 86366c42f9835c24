import { quoteLiteral, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, pass, warn } from "../finding";
import type { Target } from "../target";

/** Rows below which reading a whole partition is normal. */
const fewestRows = 10_000;
/** Share of all reads below which full scans may be an occasional report. */
const leastShare = 0.1;
const fewestScans = 10;

/** Finds full scans of partitions, which an index or a limit on the time would avoid. */
export const scans: Check = {
  name: "scans",
  claim: "partitioned tables are read by their indexes, not whole",
  async run(target) {
    const sets = target.declarations.flatMap(({ noun, inputs }) => (noun === "PartitionSet" ? [inputs] : []));
    if (sets.length === 0) return [];
    const since = await readSince(target);
    const counted = await readScans(
      target,
      sets.map(({ schema, table }) => quoteQualified(schema, table)),
    );
    return counted.map((each) => judgeScans({ ...each, since }));
  },
};

/** Counts since the last reset of the statistics, of all partitions with enough rows; on Citus of their shards. */
interface Scans {
  readonly table: string;
  /** Rows of the largest. */
  readonly rows: number;
  readonly sequential: number;
  readonly indexed: number;
  readonly since: string | null;
}

type Counted = Omit<Scans, "since">;

export function judgeScans({ table, rows, sequential, indexed, since }: Scans): Finding {
  const share = sequential / Math.max(1, sequential + indexed);
  const seen = `${sequential.toLocaleString("en")} whole reads of partitions and ${indexed.toLocaleString("en")} by index${since === null ? "" : ` since ${since}`}`;
  if (rows < fewestRows) return pass(table, "no partition is large enough for it to matter");
  if (sequential < fewestScans || share < leastShare) return pass(table, seen);
  return warn(
    table,
    `${seen}: bound the time and name the tenant in WHERE, or add an index; \`statements\` may name the query`,
  );
}

async function readSince({ admin }: Target): Promise<string | null> {
  const { rows } = await admin.query<{ since: string | null }>(
    "SELECT to_char(stats_reset, 'YYYY-MM-DD') AS since FROM pg_stat_database WHERE datname = current_database()",
  );
  return rows[0]?.since ?? null;
}

/** Each Citus node counts its own shards. */
async function readScans({ admin, citus }: Target, tables: readonly string[]): Promise<readonly Counted[]> {
  if (!citus) return (await admin.query<{ counted: readonly Counted[] }>(countSql(tables, ""))).rows[0]?.counted ?? [];
  const { rows } = await admin.query<{ success: boolean; result: string }>(
    "SELECT success, result FROM run_command_on_all_nodes($1)",
    [countSql(tables, shardsOnly)],
  );
  const failed = rows.find(({ success }) => !success);
  if (failed) throw new Error(failed.result);
  const byTable = new Map<string, Counted>();
  for (const each of rows.flatMap(({ result }) => JSON.parse(result) as readonly Counted[])) {
    const sum = byTable.get(each.table) ?? { table: each.table, rows: 0, sequential: 0, indexed: 0 };
    byTable.set(each.table, {
      table: each.table,
      rows: Math.max(sum.rows, each.rows),
      sequential: sum.sequential + each.sequential,
      indexed: sum.indexed + each.indexed,
    });
  }
  return [...byTable.values()];
}

/**
 * Shards of the partition on this node, by name, because Citus hides them from readers of the catalogs. The
 * partition's own table is empty.
 */
const shardsOnly = `JOIN pg_dist_shard AS shard ON shard.logicalrelid = tree.relid
  CROSS JOIN LATERAL (SELECT to_regclass(shard_name(shard.logicalrelid, shard.shardid)) AS relid) AS held`;

/** Counters of the partitions, because a parent is never read. */
function countSql(tables: readonly string[], held: string): string {
  const relation = held === "" ? "tree.relid" : "held.relid";
  return `SELECT coalesce(json_agg(counted), '[]') AS counted FROM (
  SELECT wanted.name::regclass::text AS table,
    coalesce(max(leaf.live), 0)::float8 AS rows,
    coalesce(sum(leaf.whole) FILTER (WHERE leaf.live >= ${fewestRows}), 0)::float8 AS sequential,
    coalesce(sum(leaf.indexed) FILTER (WHERE leaf.live >= ${fewestRows}), 0)::float8 AS indexed
  FROM unnest(ARRAY[${tables.map(quoteLiteral).join(", ")}]::text[]) AS wanted(name)
    JOIN LATERAL pg_partition_tree(to_regclass(wanted.name)) AS tree ON tree.isleaf
    ${held}
    CROSS JOIN LATERAL (SELECT pg_stat_get_live_tuples(${relation}) AS live, pg_stat_get_numscans(${relation}) AS whole,
      (SELECT sum(pg_stat_get_numscans(indexrelid)) FROM pg_index WHERE indrelid = ${relation}) AS indexed) AS leaf
  GROUP BY wanted.name ORDER BY 1) AS counted`;
}
