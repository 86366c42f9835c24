import type { Inputs } from "../../architecture/data-plane/declaration";
import { formatDuration } from "../../common/duration";
import { quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge, pass, warn } from "../finding";
import type { Target } from "../target";

/** Checks that partitions exist ahead of their rows, and that something creates them. */
export const partitions: Check = {
  name: "partitions",
  claim:
    "every partition set takes rows of any time that may come, has none in a default partition, and is maintained by itself",
  async run(target) {
    const sets = target.declarations.flatMap(({ noun, inputs }) => (noun === "PartitionSet" ? [inputs] : []));
    if (sets.length === 0) return [];
    const { rows } = await target.admin.query<{ there: boolean }>(
      "SELECT to_regprocedure('tenantry.partition_faults(text)') IS NOT NULL AS there",
    );
    if (!rows[0]?.there) return [fail("toolkit", "is older than this verify: run `up`"), await checkWorker(target)];
    const findings: Finding[] = [];
    for (const set of sets) findings.push(await checkSet(target, set));
    return [...findings, await checkMaintenance(target, sets), ...(await checkClock(target))];
  },
};

async function checkSet({ admin }: Target, set: Inputs["PartitionSet"]): Promise<Finding> {
  const subject = `${set.schema}.${set.table}`;
  const { rows } = await admin.query<{
    ahead: number;
    fallback: string | null;
    faults: readonly string[];
    error: string | null;
    failedAt: string | null;
  }>(setSql, [quoteQualified(set.schema, set.table), subject]);
  const [seen] = rows;
  if (!seen) return fail(subject, "the table is not there");
  const wrong = [...seen.faults];
  if (seen.fallback !== null) {
    const { rowCount } = await admin.query(`SELECT FROM ${seen.fallback} LIMIT 1`);
    if (rowCount !== 0) wrong.push(`${seen.fallback} holds rows that no other partition was there for`);
  }
  if (seen.error !== null && !wrong.includes(seen.error)) {
    wrong.push(`maintenance failed at ${seen.failedAt}: ${seen.error}`);
  }
  return judge(subject, wrong, `${seen.ahead} partitions ahead of now, one every ${formatDuration(set.every)}`);
}

const setSql = `
SELECT (SELECT count(*) FROM tenantry.partition_periods(c.oid) WHERE lower(period) > now())::int AS ahead,
  (SELECT nullif(partdefid, 0)::regclass::text FROM pg_partitioned_table WHERE partrelid = c.oid) AS fallback,
  ARRAY(SELECT tenantry.partition_faults($2)) AS faults,
  error, to_char(failed_at, 'YYYY-MM-DD HH24:MI TZ') AS "failedAt"
FROM pg_class c LEFT JOIN tenantry.partition_maintenance ON set_name = $2
WHERE c.oid = to_regclass($1)`;

/**
 * Reads who runs the maintenance, if it is the toolkit's, when it ran last, and if it fails for a set of this
 * database.
 */
async function checkMaintenance(target: Target, sets: readonly Inputs["PartitionSet"][]): Promise<Finding> {
  const worker = await checkWorker(target);
  const { rows } = await target.admin.query<{
    foreign: string | null;
    owner: string | null;
    failing: readonly string[];
    late: readonly string[];
    ranAt: string | null;
  }>(maintenanceSql, [sets.map(({ schema, table }) => `${schema}.${table}`)]);
  const [seen] = rows;
  if (!seen) return worker;
  const wrong = [...(worker.outcome === "fail" ? [worker.seen] : []), ...seen.failing];
  if (seen.foreign !== null) {
    const reason = "pg_partman goes on by itself: in each session's time zone, and one set's error stops all";
    wrong.push(`${reason}; SELECT tenantry.take_over_partman() as ${seen.owner}, who owns ${seen.foreign}`);
  }
  if (seen.late.length > 0) wrong.push(`no longer maintained: ${seen.late.join(", ")}`);
  if (wrong.length > 0) return fail(worker.subject, wrong.join("; "));
  return { ...worker, seen: seen.ranAt === null ? worker.seen : `${worker.seen}, last at ${seen.ranAt}` };
}

/** Longest time without a round: three of the worker's and its start, or a day for another scheduler. */
const longestPause = `make_interval(secs => CASE
    WHEN current_setting('shared_preload_libraries') LIKE '%pg_partman_bgw%'
    THEN 3 * current_setting('pg_partman_bgw.interval')::int + 600 ELSE 26 * 3600 END)`;

const maintenanceSql = `
SELECT routine::text AS foreign, rolname AS owner,
  ARRAY(SELECT set_name || ': ' || error FROM tenantry.partition_maintenance
    WHERE error IS NOT NULL AND set_name <> ALL ($1::text[]) ORDER BY 1) AS failing,
  ARRAY(SELECT format('%s since %s', set_name, to_char(greatest(succeeded_at, failed_at), 'YYYY-MM-DD HH24:MI TZ'))
    FROM tenantry.partition_maintenance WHERE set_name = ANY ($1::text[])
    AND greatest(succeeded_at, failed_at, pg_postmaster_start_time()) < now() - ${longestPause} ORDER BY 1) AS late,
  (SELECT to_char(min(succeeded_at), 'YYYY-MM-DD HH24:MI TZ') FROM tenantry.partition_maintenance
    WHERE set_name = ANY ($1::text[])) AS "ranAt"
FROM (VALUES (1)) AS one LEFT JOIN (
  SELECT routine, rolname FROM tenantry.foreign_partman_routines() JOIN pg_proc p ON p.oid = routine
  JOIN pg_roles r ON r.oid = proowner ORDER BY routine LIMIT 1
) AS found ON true`;

/** Closing and dropping partitions waits while the clock is in doubt. */
async function checkClock({ admin }: Target): Promise<Finding[]> {
  const { rows } = await admin.query<{ believed: string; doubted: string }>(
    `SELECT to_char(believed_at, 'YYYY-MM-DD HH24:MI TZ') AS believed, to_char(doubted_since, 'YYYY-MM-DD HH24:MI TZ') AS doubted
     FROM tenantry.partition_clock WHERE doubted_since IS NOT NULL`,
  );
  return rows.map(({ believed, doubted }) =>
    warn(
      "clock",
      `maintenance stood still, or the server's clock leapt, from ${believed} to ${doubted}: nothing is dropped for a day`,
    ),
  );
}

/**
 * The sleeping background worker is in no view, so the check reads if the server starts it, and for which databases.
 */
async function checkWorker({ admin }: Target): Promise<Finding> {
  const subject = "maintenance";
  const { rows } = await admin.query<{
    loaded: boolean;
    databases: string | null;
    source: string | null;
    seconds: string | null;
    here: string;
  }>(
    `SELECT current_setting('shared_preload_libraries') LIKE '%pg_partman_bgw%' AS loaded, current_database() AS here,
       current_setting('pg_partman_bgw.dbname', true) AS databases,
       (SELECT source FROM pg_settings WHERE name = 'pg_partman_bgw.dbname') AS source,
       current_setting('pg_partman_bgw.interval', true) AS seconds`,
  );
  const [seen] = rows;
  const { rows: jobs } = await admin.query<{ jobs: boolean }>("SELECT to_regclass('cron.job') IS NOT NULL AS jobs");
  if (!seen?.loaded) {
    if (jobs[0]?.jobs) return warn(subject, "pg_partman_bgw is not loaded; pg_cron is there and may run it instead");
    return fail(subject, "nothing maintains the partitions: pg_partman_bgw is not in shared_preload_libraries");
  }
  const names = (seen.databases ?? "").split(",").map((name) => name.trim());
  if (!names.includes(seen.here)) {
    const place = seen.source === "command line" ? "; the server's command line sets it, before ALTER SYSTEM" : "";
    return fail(subject, `pg_partman_bgw works on other databases: pg_partman_bgw.dbname lacks ${seen.here}${place}`);
  }
  return pass(subject, `pg_partman_bgw runs in this database every ${seen.seconds} s`);
}
