import type { Role } from "../../architecture/application";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, pass, skip } from "../finding";
import { probeTenants } from "../probe-tenants";
import { type Target, tenantRelations } from "../target";

/** Column of a tenant table with a histogram, and two bounds with all tenants' values between them. */
interface Histogram {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
  readonly type: string;
  readonly lowest: string;
  readonly highest: string;
  /** Tenant with many of the rows, by the statistics. */
  readonly tenant: string | null;
}

/**
 * PostgreSQL has no policy for statistics: the planner estimates a tenant's rows from all tenants' values, and
 * EXPLAIN shows the estimate. By bisection it reveals values. Nothing in the database prevents this, so the check
 * only reports it.
 */
export const estimates: Check = {
  name: "estimates",
  claim: "says by which columns EXPLAIN's row estimates show a role that may send any SQL other tenants' values",
  async run(target) {
    const histograms = await readHistograms(target);
    const telling = new Set<string>();
    for (const role of target.application.roles) {
      for (const histogram of histograms) {
        if (await tells(target, role, histogram)) telling.add(`${histogram.name}.${histogram.column}`);
      }
    }
    return [conclude(target.application.schema, [...telling])];
  },
};

const mostShown = 5;

function conclude(subject: string, telling: readonly string[]): Finding {
  if (telling.length === 0)
    return pass(subject, "no row estimate follows other tenants' values, as there are no statistics of enough rows");
  const more = telling.length > mostShown ? `, and ${telling.length - mostShown} more` : "";
  return skip(
    subject,
    `can't be held by PostgreSQL: row estimates follow other tenants' values (${telling.slice(0, mostShown).join(", ")}${more}); let no stranger run EXPLAIN in tables that tenants share (docs/tenant-isolation.md, Estimates)`,
  );
}

async function readHistograms({ admin, application }: Target): Promise<readonly Histogram[]> {
  const names = tenantRelations({ application }).map(({ schema, name }) => quoteQualified(schema, name));
  const { rows } = await admin.query<Histogram>(
    `SELECT schemaname::text AS schema, tablename::text AS name, a.attname::text AS column, format_type(atttypid, NULL) AS type,
       (histogram_bounds::text::text[])[1] AS lowest, (histogram_bounds::text::text[])[cardinality(histogram_bounds::text::text[])] AS highest,
       (SELECT (most_common_vals::text::text[])[1] FROM pg_stats t WHERE t.schemaname = s.schemaname AND t.tablename = s.tablename AND t.attname = $2) AS tenant
     FROM unnest($1::text[]) AS wanted(name) JOIN pg_class c ON c.oid = to_regclass(wanted.name)
     JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
     JOIN pg_stats s ON schemaname = nspname AND tablename = relname AND s.attname = a.attname
     WHERE histogram_bounds IS NOT NULL AND atttypid IN ('text'::regtype, 'varchar'::regtype, 'uuid'::regtype, 'bigint'::regtype, 'integer'::regtype)
     ORDER BY 1, 2, 3 LIMIT 50`,
    [names, application.tenant.column],
  );
  return rows;
}

/** Reads no rows: the histogram covers all rows, whichever tenant asks. */
async function tells(
  { admin, application }: Target,
  role: Role,
  { schema, name, column, type, lowest, highest, tenant }: Histogram,
): Promise<boolean> {
  const asker = tenant ?? probeTenants(application.tenant.type).make();
  const estimate = async (bound: string) => {
    const { rows } = await admin.query<{ "QUERY PLAN": readonly { Plan: { "Plan Rows": number } }[] }>(
      `EXPLAIN (FORMAT JSON) SELECT FROM ${quoteQualified(schema, name)} WHERE ${quoteIdentifier(column)} >= ${quoteLiteral(bound)}::${type}`,
    );
    return rows[0]?.["QUERY PLAN"][0]?.Plan["Plan Rows"];
  };
  await admin.query("BEGIN");
  try {
    await admin.query(`SET LOCAL ROLE ${quoteIdentifier(role.user)}`);
    await admin.query("SELECT set_config('app.tenant_id', $1, true)", [asker]);
    return (await estimate(lowest)) !== (await estimate(highest));
  } catch (error) {
    // Without a privilege on the column there is nothing to explain.
    if ((error as { code?: string }).code === "42501") return false;
    throw error;
  } finally {
    await admin.query("ROLLBACK");
  }
}
