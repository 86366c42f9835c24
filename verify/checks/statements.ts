import { loadSqlParser } from "../../architecture/sql/sql-parser";
import { quoteIdentifier } from "../../common/identifier";
import type { TableFacts } from "../../lint/rule";
import { crossShardJoin } from "../../lint/rules/cross-shard-join";
import { outboxPolling } from "../../lint/rules/outbox-polling";
import { queryWithoutTenant } from "../../lint/rules/query-without-tenant";
import { unboundedPartitionQuery } from "../../lint/rules/unbounded-partition-query";
import type { Check } from "../check";
import { type Finding, pass, skip, warn } from "../finding";
import { signature } from "../probing";
import { judgeSql, outcomeOf, tableFacts, withoutValues } from "../rule-facts";
import type { Target } from "../target";

const rules = [queryWithoutTenant, crossShardJoin, unboundedPartitionQuery, outboxPolling];

/** Calls or total time from which a statement is more than a manual try. */
const least = { calls: 10, totalMs: 1_000 };
/** Number of statements that are shown, the slowest first. */
const mostShown = 10;

/** Statement of a role, as counted by PostgreSQL, with `$1` for constants. */
export interface Counted {
  readonly role: string;
  readonly sql: string;
  readonly calls: number;
  readonly meanMs: number;
  readonly totalMs: number;
}

/**
 * Judges the statements of the application's roles by the rules of `tenantry lint`. On Citus, pg_stat_statements of
 * the coordinator has them all before they are split, so citus_stat_statements is not needed.
 */
export const statements: Check = {
  name: "statements",
  claim: "what the application's roles run names its tenant, bounds its time, joins on the tenant and polls no outbox",
  async run(target) {
    const { application } = target;
    const schema = await findStatistics(target);
    if (schema instanceof Error) return [skip(application.name, schema.message)];
    const counted = await readCounted(target, schema);
    await loadSqlParser();
    return judgeStatements(application.name, counted, tableFacts(target));
  },
};

/** Returns a finding for each statement that breaks a rule, then one for all. */
export function judgeStatements(subject: string, counted: readonly Counted[], tables: TableFacts): readonly Finding[] {
  const often = counted.filter(({ calls, totalMs }) => calls >= least.calls || totalMs >= least.totalMs);
  const findings: Finding[] = [];
  let unread = 0;
  for (const { role, sql, calls, meanMs } of often.toSorted((a, b) => b.totalMs - a.totalMs)) {
    const readable = castable(sql);
    const judged = judgeSql(readable, rules, tables);
    if (!judged) unread += 1;
    else if (judged.length > 0) {
      const said = [...new Set(judged.map(({ rule, what, fix }) => `${what} (${rule}): ${fix}`))].join("; ");
      const seen = `${calls.toLocaleString("en")} calls, ${meanMs.toFixed(1)} ms each: ${said}: ${withoutValues(readable)}`;
      findings.push({ outcome: outcomeOf(judged), subject: role, seen });
    }
  }
  const unreadable = unread > 0 ? `; ${unread} could not be read` : "";
  if (findings.length === 0) {
    return [pass(subject, `${often.length} statements of its roles keep to their tenant and their time${unreadable}`)];
  }
  const more = findings.length - mostShown;
  const rest = more > 0 ? [warn(subject, `${more} more statements break these rules${unreadable}`)] : [];
  return [...findings.slice(0, mostShown), ...rest];
}

/** PostgreSQL's counter replaces a constant behind a type's name by `$1`, which its parser refuses. */
function castable(sql: string): string {
  return sql.replaceAll(/\b(interval|date|time|timestamp|timestamptz)\s+(\$\d+)/gi, "$2::$1");
}

/** Returns the extension's schema, or why there is nothing to read, with the fix. */
async function findStatistics({ admin }: Target): Promise<string | Error> {
  const { rows } = await admin.query<{ loaded: boolean; schema: string | null }>(
    `SELECT current_setting('pg_stat_statements.max', true) IS NOT NULL AS loaded,
       (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements') AS schema`,
  );
  const [found] = rows;
  if (!found?.loaded) return new Error("nothing counts statements: add pg_stat_statements to shared_preload_libraries");
  return found.schema ?? new Error("nothing shows the statements counted: CREATE EXTENSION pg_stat_statements");
}

async function readCounted({ admin, application }: Target, schema: string): Promise<readonly Counted[]> {
  const { rows } = await admin.query<Counted>(
    `SELECT r.rolname AS role, s.query AS sql, s.calls::float8 AS calls, s.mean_exec_time AS "meanMs", s.total_exec_time AS "totalMs"
     FROM ${quoteIdentifier(schema)}.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
     WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND r.rolname = ANY ($1)
       AND position($2 IN s.query) = 0 AND s.query ~* '^\\s*(select|with|insert|update|delete|merge)\\M'
     ORDER BY s.total_exec_time DESC LIMIT 5000`,
    [application.roles.map(({ user }) => user), signature],
  );
  return rows;
}
