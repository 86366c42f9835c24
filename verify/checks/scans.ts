import { quoteQualified } from "../../architecture/identifier";
import type { Check } from "../check";
import { type Finding, pass, skip, warn } from "../finding";

/** A partition with fewer rows is read whole for good reason. */
const fewestRows = 10_000;
/** Below this share of all reads, it may have been somebody's report. */
const leastShare = 0.1;
const fewestScans = 10;

/** Whole reads of partitions, which an index or a bound on the time would spare. */
export const scans: Check = {
  name: "scans",
  claim: "partitioned tables are read by their indexes, not whole",
  async run({ admin, citus, declarations }) {
    const sets = declarations.flatMap(({ noun, inputs }) => (noun === "PartitionSet" ? [inputs] : []));
    if (sets.length === 0) return [];
    if (citus) {
      return [
        skip(
          "partition sets",
          "their rows are on the workers: look at pg_stat_user_tables there, by run_command_on_workers",
        ),
      ];
    }
    const { rows } = await admin.query<Scans>(scansSql, [
      sets.map(({ schema, table }) => quoteQualified(schema, table)),
    ]);
    return rows.map(judgeScans);
  },
};

/** Since the statistics were reset, of all partitions with enough rows. */
export interface Scans {
  readonly table: string;
  readonly rows: number;
  readonly sequential: number;
  readonly indexed: number;
  readonly since: string | null;
}

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

/** The partitions' own counters: a parent is never read. */
const scansSql = `
SELECT wanted.name::regclass::text AS table,
  coalesce(max(s.n_live_tup), 0)::float8 AS rows,
  coalesce(sum(s.seq_scan) FILTER (WHERE s.n_live_tup >= ${fewestRows}), 0)::float8 AS sequential,
  coalesce(sum(s.idx_scan) FILTER (WHERE s.n_live_tup >= ${fewestRows}), 0)::float8 AS indexed,
  (SELECT to_char(stats_reset, 'YYYY-MM-DD') FROM pg_stat_database WHERE datname = current_database()) AS since
FROM unnest($1::text[]) AS wanted(name) JOIN LATERAL pg_partition_tree(to_regclass(wanted.name)) tree ON tree.isleaf
  JOIN pg_stat_user_tables s ON s.relid = tree.relid
GROUP BY wanted.name ORDER BY 1`;
