import type { Role, TenantType } from "../../architecture/application";
import { quoteLiteral, quoteQualified } from "../../common/identifier";
import { type CatalogTable, type Column, readTables } from "../live-catalog";
import type { Probing } from "../probing";
import { argumentsOf, type Routine, readRoutines } from "../routines";
import type { Row } from "../row-writer";
import type { Relation, Target } from "../target";

/** Everything that one role can reach in the database, with a row of its tenant and one of another. */
export interface Surface {
  readonly tenant: {
    readonly column: string;
    readonly type: TenantType;
    /** Ids of the asking tenant, and of the one that must not show. */
    readonly own: string;
    readonly other: string;
  };
  /** Relations that the role may read. */
  readonly relations: readonly LeakRelation[];
  /** Partitions and tenant tables that it may not read, which are tried too. */
  readonly closed: readonly Relation[];
  /** Calls of functions that return rows, with the other tenant's values. */
  readonly calls: readonly (Relation & { readonly sql: string })[];
  readonly sequences: readonly Relation[];
}

export interface LeakRelation extends Relation {
  readonly kind: "table" | "view" | "materialized view";
  /** True if it has the tenant column. */
  readonly ofTenants: boolean;
  /** True for a table or partition under the toolkit's row level security. */
  readonly isTenantTable: boolean;
  /** Columns that the role may read. */
  readonly columns: readonly Column[];
  /** True if these are all columns. */
  readonly isWhole: boolean;
  readonly foreignKeys: CatalogTable["foreignKeys"];
  readonly may: { readonly insert: boolean; readonly update: boolean; readonly delete: boolean };
  /** Number of rows, estimated by the planner. */
  readonly rowCount: number;
  /** Rows of the tenant and of the other one, if they could be written. */
  readonly own: Row | undefined;
  readonly other: Row | undefined;
}

/**
 * Reads the surface from the catalogs with the admin's rights, because a role does not see everything that it may
 * use.
 */
export async function readSurface(target: Target, probing: Probing, role: Role): Promise<Surface> {
  const { admin, application } = target;
  const [other, own] = probing.tenants;
  const { rows } = await admin.query<Reach>(reachSql, [role.user]);
  const tenants = new Set(
    probing.tables.flatMap((table) => [table, ...table.partitions]).map(({ schema, name }) => `${schema}.${name}`),
  );
  const isTenantTable = ({ schema, name }: Relation) => tenants.has(`${schema}.${name}`);
  const open = rows.filter(({ readable }) => readable.length > 0);
  const tables = await readTables(admin, open);
  const relations = open.flatMap((reach): LeakRelation[] => {
    const table = tables.find(({ schema, name }) => schema === reach.schema && name === reach.name);
    if (!table) return [];
    const columns = table.columns.filter(({ name }) => reach.readable.includes(name));
    return [
      {
        ...{ schema: reach.schema, name: reach.name, kind: reach.kind, rowCount: reach.rowCount },
        isTenantTable: isTenantTable(reach),
        ofTenants: columns.some(({ name }) => name === application.tenant.column),
        columns,
        isWhole: columns.length === table.columns.length,
        foreignKeys: table.foreignKeys,
        may: { insert: reach.insert, update: reach.update, delete: reach.delete },
        own: probing.row(own, reach),
        other: probing.row(other, reach),
      },
    ];
  });
  const routines = await readRoutines(target);
  return {
    tenant: { column: application.tenant.column, type: application.tenant.type, own, other },
    relations,
    closed: rows.filter((reach) => reach.readable.length === 0 && isTenantTable(reach)),
    calls: routines
      .filter(({ returnsRows, callers }) => returnsRows && callers.includes(role.user))
      .map((routine) => ({ schema: routine.schema, name: routine.name, sql: callOf(target, probing, routine) })),
    sequences: (await admin.query<Relation>(sequencesSql, [role.user])).rows,
  };
}

interface Reach extends Relation {
  readonly kind: LeakRelation["kind"];
  readonly readable: readonly string[];
  readonly insert: boolean;
  readonly update: boolean;
  readonly delete: boolean;
  readonly rowCount: number;
}

function callOf(target: Target, probing: Probing, routine: Routine): string {
  const values = argumentsOf(target, probing, routine).map((value, index) => {
    const type = routine.parameters[index]?.type ?? "text";
    return value === null ? `NULL::${type}` : `${quoteLiteral(value).trim()}::${type}`;
  });
  return `${quoteQualified(routine.schema, routine.name)}(${values.join(", ")})`;
}

/** Relations outside of PostgreSQL's and extensions' schemas, with the role's rights on them. */
const reachSql = `
SELECT n.nspname AS schema, c.relname AS name, greatest(c.reltuples, 0)::float8 AS "rowCount",
  CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
  ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')
    ORDER BY a.attnum) AS readable,
  has_table_privilege(r.oid, c.oid, 'INSERT') AS insert, has_table_privilege(r.oid, c.oid, 'UPDATE') AS update,
  has_table_privilege(r.oid, c.oid, 'DELETE') AS delete
FROM pg_roles r CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rolname = $1 AND c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2`;

const sequencesSql = `
SELECT n.nspname AS schema, c.relname AS name
FROM pg_roles r CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rolname = $1 AND c.relkind = 'S' AND n.nspname !~ '^pg_' AND has_schema_privilege(r.oid, n.oid, 'USAGE')
  AND has_sequence_privilege(r.oid, c.oid, 'SELECT, USAGE')
ORDER BY 1, 2`;
