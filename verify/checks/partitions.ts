import type { Inputs } from "../../architecture/declaration";
import { quoteQualified } from "../../architecture/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge, pass, warn } from "../finding";
import type { Target } from "../target";

/** Rows need a partition before they come, and something must go on making them. */
export const partitions: Check = {
  name: "partitions",
  claim:
    "every partition set has its partitions ahead, none of its rows in the default one, and is maintained by itself",
  async run(target) {
    const sets = target.declarations.flatMap(({ noun, inputs }) => (noun === "PartitionSet" ? [inputs] : []));
    if (sets.length === 0) return [];
    const findings: Finding[] = [];
    for (const set of sets) findings.push(await checkSet(target, set));
    return [...findings, await checkMaintenance(target)];
  },
};

async function checkSet({ admin }: Target, set: Inputs["PartitionSet"]): Promise<Finding> {
  const subject = `${set.schema}.${set.table}`;
  const { rows } = await admin.query<{ ahead: number; current: number; total: number; fallback: string | null }>(
    aheadSql,
    [quoteQualified(set.schema, set.table)],
  );
  const [seen] = rows;
  if (!seen) return fail(subject, "the table is not there");
  if (seen.total === 0) return fail(subject, "has no partitions");
  const wrong: string[] = [];
  if (seen.current === 0) wrong.push("has no partition for now");
  if (seen.ahead < set.ahead) wrong.push(`${seen.ahead} partitions ahead of now, not ${set.ahead}`);
  if (seen.fallback !== null) {
    const { rowCount } = await admin.query(`SELECT FROM ${seen.fallback} LIMIT 1`);
    if (rowCount !== 0) wrong.push(`${seen.fallback} holds rows that no other partition was there for`);
  }
  return judge(subject, wrong, `${seen.ahead} partitions ahead of now, one every ${set.every}`);
}

const aheadSql = `
WITH partition AS (
  SELECT p.oid, pg_get_expr(p.relpartbound, p.oid) AS bound
  FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = to_regclass($1)
), range AS (
  SELECT oid, bound, substring(bound FROM 'FROM \\(''([^'']*)''')::timestamptz AS starts,
    substring(bound FROM 'TO \\(''([^'']*)''')::timestamptz AS ends
  FROM partition
)
SELECT count(*) FILTER (WHERE starts > now())::int AS ahead, count(*)::int AS total,
  count(*) FILTER (WHERE starts <= now() AND ends > now())::int AS current,
  (SELECT oid::regclass::text FROM partition WHERE bound = 'DEFAULT') AS fallback
FROM range HAVING to_regclass($1) IS NOT NULL`;

/** The background worker shows in no view while it sleeps: what can be seen is whether the server starts it, for whom. */
async function checkMaintenance({ admin }: Target): Promise<Finding> {
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
