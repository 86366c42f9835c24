import type { Reader } from "../provider/postgres/sql-statements";

/** What a tier of a table holds. */
export interface TierSize {
  /** `SCHEMA.TABLE`. */
  readonly table: string;
  readonly tier: "hot" | "warm" | "cold";
  /** Partitions, or periods in the store. */
  readonly partitions: number;
  /** In the database as its statistics have them. */
  readonly rows: number;
  /** With indexes in the database. */
  readonly bytes: number;
}

/** Reads the sizes of all tiers of the tables whose rows age. */
export async function readTierSizes(read: Reader): Promise<readonly TierSize[]> {
  const [server] = await read<{ distributed: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS distributed",
  );
  const size = server?.distributed ? "citus_total_relation_size(partition)" : "pg_total_relation_size(partition)";
  const rows = await read<Omit<TierSize, "rows" | "bytes"> & { rows: string; bytes: string }>(
    `SELECT table_id AS table, tier, count(*)::int AS partitions, sum(rows)::bigint::text AS rows, sum(bytes)::bigint::text AS bytes
     FROM (
       SELECT format('%s.%s', nspname, parent.relname) AS table_id, greatest(child.reltuples, 0) AS rows, ${size} AS bytes,
         CASE WHEN warm.partition_name IS NULL THEN 'hot' ELSE 'warm' END AS tier
       FROM tenantry.exported_partitions() AS exported
       JOIN pg_class AS parent ON parent.oid = exported.parent JOIN pg_namespace ON pg_namespace.oid = parent.relnamespace
       JOIN pg_class AS child ON child.oid = exported.partition
       LEFT JOIN tenantry.warm_partition AS warm ON (warm.schema_name, warm.table_name, warm.partition_name) = (nspname, parent.relname, child.relname)
       UNION ALL
       SELECT format('%s.%s', schema_name, table_name), sum(rows), sum(bytes), 'cold'
       FROM tenantry.cold_file GROUP BY schema_name, table_name, starts_at
     ) AS each GROUP BY table_id, tier ORDER BY table_id, array_position(ARRAY['hot', 'warm', 'cold'], tier)`,
  );
  return rows.map(({ rows, bytes, ...each }) => ({ ...each, rows: Number(rows), bytes: Number(bytes) }));
}

/** Draws the bytes of each tier, of all tables together, as a Mermaid chart. */
export function tierChart(sizes: readonly TierSize[]): string {
  const slices = (["hot", "warm", "cold"] as const).flatMap((tier) => {
    const bytes = sizes.filter((each) => each.tier === tier).reduce((sum, each) => sum + each.bytes, 0);
    return bytes > 0 ? [`  "${tier}" : ${bytes}`] : [];
  });
  return ["pie showData title Bytes by tier", ...slices].join("\n");
}
