import type { ClientBase } from "pg";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge, pass, skip } from "../finding";
import { probeTenants } from "../probe-tenants";
import { type Target, tenantRelations } from "../target";

interface Placed {
  readonly schema: string;
  readonly name: string;
  /** Citus' term: `distributed`, `reference`, `local` … */
  readonly kind: string | null;
  readonly column: string | null;
  readonly colocation: number | null;
}

/** Checks that tables are placed as described: a tenant's rows together, shared tables on every node. */
export const placement: Check = {
  name: "placement",
  scope: "tables",
  claim: "tenant tables are distributed by the tenant column and co-located, reference tables are on every node",
  async run(target) {
    if (!target.citus) return [skip(target.application.schema, "plain PostgreSQL: not distributed")];
    const placed = await readPlacement(target);
    return [...(await judgeTenantTables(target, placed)), ...judgeReferenceTables(target, placed)];
  },
};

async function judgeTenantTables(target: Target, placed: readonly Placed[]): Promise<readonly Finding[]> {
  const { application, admin } = target;
  const relations = tenantRelations(target);
  if (relations.length === 0) return [];
  const root = placed.find(({ name }) => name === application.tenant.table);
  if (!root) return [fail(`${application.schema}.${application.tenant.table}`, "the tenant root table is not there")];
  const findings: Finding[] = [];
  for (const relation of relations) {
    const found = placed.find(({ schema, name }) => schema === relation.schema && name === relation.name);
    const subject = `${relation.schema}.${relation.name}`;
    const wrong = found ? misplaced(found, root, application) : ["the table is not there"];
    const tasks = wrong.length === 0 ? await taskCount(admin, target, subjectSql(relation)) : undefined;
    if (tasks !== undefined && tasks !== 1) wrong.push(`a query with the tenant in WHERE asks ${tasks} shards, not 1`);
    findings.push(
      judge(
        subject,
        wrong,
        application.scope?.model === "schema"
          ? "one shard, beside the others of its schema"
          : `distributed by ${application.tenant.column}, co-located, 1 shard for one tenant`,
      ),
    );
  }
  return findings;
}

function judgeReferenceTables({ application }: Target, placed: readonly Placed[]): readonly Finding[] {
  return application.tables
    .filter(({ kind }) => kind === "reference")
    .map((table) => {
      const found = placed.find(({ schema, name }) => schema === table.schema && name === table.name);
      const kind = found ? (found.kind ?? "not distributed") : "not there";
      const wrong = kind === "reference" ? [] : [`is ${kind}, not a reference table`];
      return judge(`${table.schema}.${table.name}`, wrong, "on every node");
    });
}

/** Checks foreign keys, which Citus requires to be added after placing the tables. */
export const foreignKeys: Check = {
  name: "foreign keys",
  scope: "tables",
  claim: "every foreign key of the SQL files is there and validated",
  async run({ application, admin }) {
    const { rows } = await admin.query<{ table: string; definition: string; valid: boolean }>(
      `SELECT c.relname AS table, k.convalidated AS valid, r.relname || ' ' ||
         (SELECT string_agg(a.attname, ',' ORDER BY p.position) FROM unnest(k.conkey) WITH ORDINALITY p(n, position)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.n) AS definition
       FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_class r ON r.oid = k.confrelid WHERE k.contype = 'f' AND n.nspname = $1`,
      [application.schema],
    );
    const declared = application.tables.flatMap((table) =>
      table.foreignKeys.map((key) => ({ table: table.name, key })),
    );
    const missing = declared.filter(
      ({ table, key }) =>
        !rows.some(
          (row) =>
            row.valid && row.table === table && row.definition === `${key.references.table} ${key.columns.join(",")}`,
        ),
    );
    if (missing.length === 0) return [pass(application.schema, `${declared.length} foreign keys, all validated`)];
    return missing.map(({ table, key }) =>
      fail(
        `${application.schema}.${table}`,
        `foreign key ${key.name} to ${key.references.table} is missing or not valid`,
      ),
    );
  },
};

function misplaced(found: Placed, root: Placed, { scope, tenant: { column } }: Target["application"]): string[] {
  if (scope?.model === "schema") {
    if (found.kind !== "a single shard or local" || !found.colocation) return [`is ${found.kind ?? "not distributed"}`];
    return found.colocation === root.colocation ? [] : [`does not lie beside ${root.schema}.${root.name}`];
  }
  if (found.kind !== "distributed") return [`is ${found.kind ?? "not distributed"}`];
  const wrong: string[] = [];
  if (found.column !== column) wrong.push(`is distributed by ${found.column}, not by ${column}`);
  if (found.colocation !== root.colocation) wrong.push(`is not co-located with ${root.schema}.${root.name}`);
  return wrong;
}

async function readPlacement({ admin, application }: Target): Promise<readonly Placed[]> {
  const { rows } = await admin.query<Placed>(
    `SELECT n.nspname AS schema, c.relname AS name, p.colocationid AS colocation,
       CASE WHEN p.partmethod = 'h' THEN 'distributed' WHEN p.partmethod = 'n' AND p.repmodel = 't' THEN 'reference'
         WHEN p.partmethod = 'n' THEN 'a single shard or local' END AS kind,
       CASE WHEN p.partmethod = 'h' THEN column_to_column_name(p.logicalrelid, p.partkey) END AS column
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_dist_partition p ON p.logicalrelid = c.oid
     WHERE n.nspname IN ($1, 'tenantry') AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    [application.schema],
  );
  return rows;
}

const subjectSql = ({ schema, name }: { readonly schema: string; readonly name: string }) =>
  quoteQualified(schema, name);

/** Number of shards that Citus plans for a query of one tenant. */
async function taskCount(admin: ClientBase, { application }: Target, table: string): Promise<number | undefined> {
  const { column, type } = application.tenant;
  const { rows } = await admin.query<{ "QUERY PLAN": unknown }>(
    `EXPLAIN (FORMAT JSON) SELECT * FROM ${table} WHERE ${quoteIdentifier(column)} = '${probeTenants(type).make()}'`,
  );
  const match = /"Task Count":\s*(\d+)/.exec(JSON.stringify(rows[0]?.["QUERY PLAN"]));
  return match ? Number(match[1]) : undefined;
}
