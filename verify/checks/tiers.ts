import type { TenantTable } from "../../architecture/application";
import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { formatDuration } from "../../common/duration";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge, pass, warn } from "../finding";
import type { Target } from "../target";
import { readColdCatalog } from "../tiers/cold-catalog";
import { checkStore } from "../tiers/store-files";

/** Time that rows have to move after their age: a run each hour, a day of a clock in doubt, and a long run. */
const grace = "2 days";

/** Checks that rows are in the tier of their age, and that the store holds what the catalog says. */
export const tiers: Check = {
  name: "tiers",
  claim:
    "rows of each age are where their tier says and readable there, nothing is older than its tier, and the store holds the files of the catalog, unchanged",
  scope: "tables",
  async run(target) {
    const { application, declarations, store } = target;
    const exported = declarations.flatMap(({ noun, inputs }) =>
      noun === "PartitionSet" && inputs.dropAfter === "export" ? [inputs] : [],
    );
    if (exported.length === 0) return withoutStore(target);
    const { rows } = await target.admin.query<{ there: boolean; now: Date }>(
      `SELECT to_regprocedure('tenantry.exported_partitions()') IS NOT NULL AS there, now() AS now`,
    );
    const [seen] = rows;
    if (!seen?.there) return [fail("toolkit", "is older than this verify: run `up`")];
    const findings: Finding[] = [];
    for (const set of exported.filter(({ schema }) => schema === application.schema)) {
      findings.push(await checkSet(target, set));
    }
    // Schemas of tenants share a database and its catalog, which is compared once.
    if (application.scope?.model === "schema" && application.scope.tenant) return findings;
    if (!store) return [...findings, fail("store", "is not in the stack file, and rows move to one")];
    // The databases of silos share a store, and each knows its own files only.
    const alone = application.scope?.model !== "silo";
    return [...findings, ...(await checkStore(store, await readColdCatalog(target.admin), { now: seen.now, alone }))];
  },
};

/** Without a store nothing moves; a table with tiers keeps its rows in the database until the last one ends. */
function withoutStore({ application }: Target): Finding[] {
  const tiered = application.tables.filter(
    (table): table is TenantTable => table.kind === "tenant" && table.partition?.tiers !== undefined,
  );
  return tiered.map(({ schema, name, partition }) =>
    warn(
      `${schema}.${name}`,
      `the stack has no store: rows stay in the database ${partition?.retention ? `until they are ${formatDuration(partition.retention)} old, and are dropped then` : "for ever"}`,
    ),
  );
}

interface Aged {
  readonly partition: string;
  readonly since: string;
}

/** Judges one table by its partitions, its periods in the catalog and its files. */
async function checkSet({ admin }: Target, { schema, table, by }: PartitionSetInputs): Promise<Finding> {
  const subject = `${schema}.${table}`;
  const { rows } = await admin.query<{
    declared: boolean;
    late: readonly Aged[];
    failed: readonly string[];
    short: readonly string[];
    kept: number;
    attached: number;
    cold: number;
    coldRows: number;
  }>(setSql, [quoteQualified(schema, table), schema, table]);
  const [seen] = rows;
  if (!seen?.declared)
    return fail(subject, "no run moves its rows, because PartitionSet has not been applied: run `up`");
  const wrong = [
    ...seen.late.map(({ partition, since }) => `${partition} should have left the database at ${since}`),
    ...seen.failed,
    ...seen.short,
    ...(seen.kept > 0 ? [`${seen.kept} files are older than the tier cold, and still in the store`] : []),
    ...(await unreadable(admin, { schema, table, by })),
  ];
  if (wrong.length > 0) return judge(subject, wrong, "");
  return pass(
    subject,
    `${seen.attached} partitions in the database; ${seen.coldRows.toLocaleString("en")} cold rows of ${seen.cold} periods in the store`,
  );
}

const setSql = `
WITH clock AS (
  SELECT coalesce((SELECT least(now(), believed_at) FROM tenantry.partition_clock), now()) - interval '${grace}' AS due
), files AS (
  SELECT period.starts_at, period.rows, coalesce(sum(file.rows), 0) AS held, count(file.key) FILTER (WHERE file.verified_at IS NULL) AS unread
  FROM tenantry.aged_partition AS period
  LEFT JOIN tenantry.cold_file AS file USING (schema_name, table_name, starts_at)
  WHERE period.schema_name = $2 AND period.table_name = $3 AND period.step = 'dropped'
  GROUP BY period.starts_at, period.rows
)
SELECT EXISTS (SELECT FROM tenantry.exported_partition_set WHERE parent = to_regclass($1)) AS declared,
  (SELECT coalesce(json_agg(json_build_object(
      'partition', partition::text, 'since', to_char(moves_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) ORDER BY moves_at), '[]')
    FROM tenantry.exported_partitions(), clock WHERE parent = to_regclass($1) AND moves_at < due AND NOT is_last) AS late,
  ARRAY(SELECT format('the last run failed for %s: %s', partition_name, error) FROM tenantry.aged_partition
    WHERE schema_name = $2 AND table_name = $3 AND error IS NOT NULL ORDER BY starts_at) AS failed,
  ARRAY(SELECT format('the files of the period from %s hold %s rows, and %s left the database',
      to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), held, rows) FROM files WHERE held <> rows ORDER BY starts_at)
    || ARRAY(SELECT format('%s files of the period from %s were never read back, and their rows have left the database',
      unread, to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')) FROM files WHERE unread > 0 ORDER BY starts_at) AS short,
  (SELECT count(*) FROM tenantry.cold_file AS file, tenantry.exported_partition_set AS ages, clock
    WHERE file.schema_name = $2 AND file.table_name = $3 AND ages.parent = to_regclass($1)
    AND file.ends_at + ages.retention < due
    AND NOT EXISTS (SELECT FROM tenantry.legal_hold WHERE legal_hold.tenant = file.tenant))::int AS kept,
  (SELECT count(*) FROM tenantry.exported_partitions() WHERE parent = to_regclass($1))::int AS attached,
  (SELECT count(*) FROM files)::int AS cold,
  (SELECT coalesce(sum(held), 0) FROM files)::float8 AS "coldRows"`;

/** Reads a row of the oldest and of the newest partition through the table, as a query of their age would. */
async function unreadable(
  admin: Target["admin"],
  { schema, table, by }: Pick<PartitionSetInputs, "schema" | "table" | "by">,
): Promise<string[]> {
  const name = quoteQualified(schema, table);
  const { rows } = await admin.query<{ partition: string }>(
    `(SELECT partition::text FROM tenantry.exported_partitions() WHERE parent = to_regclass($1) ORDER BY starts_at LIMIT 1)
     UNION (SELECT partition::text FROM tenantry.exported_partitions() WHERE parent = to_regclass($1) AND starts_at <= now()
       ORDER BY starts_at DESC LIMIT 1)`,
    [name],
  );
  const wrong: string[] = [];
  for (const { partition } of rows) {
    try {
      const { rows: own } = await admin.query<{ at: unknown }>(
        `SELECT ${quoteIdentifier(by)} AS at FROM ${partition} LIMIT 1`,
      );
      if (own[0]) await admin.query(`SELECT FROM ${name} WHERE ${quoteIdentifier(by)} = $1 LIMIT 1`, [own[0].at]);
    } catch (error) {
      wrong.push(`${partition} can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return wrong;
}
