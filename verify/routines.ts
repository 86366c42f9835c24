import { candidates } from "./dummy";
import type { Column } from "./live-catalog";
import type { Probing } from "./probing";
import { type Target, tenantRelations } from "./target";

/** Function that a role of the application may call. */
export interface Routine {
  readonly schema: string;
  readonly name: string;
  readonly signature: string;
  readonly returnsRows: boolean;
  /** True if it runs as an owner who bypasses row level security. */
  readonly escapes: boolean;
  readonly owner: string;
  /** Parameters without a default. */
  readonly parameters: readonly (Pick<Column, "name" | "type" | "base" | "isArray" | "labels"> & {
    readonly oid: string;
  })[];
  readonly callers: readonly string[];
}

/** Arguments of the call: the first probe tenant's own values where a parameter is named like a column. */
export function argumentsOf(target: Target, probing: Probing, { parameters }: Routine): readonly (string | null)[] {
  return parameters.map((parameter) => argument(target, probing, parameter));
}

/**
 * The first tenant's own value for a parameter named like a column, with or without a prefix; else an invented value.
 */
function argument(target: Target, probing: Probing, parameter: Routine["parameters"][number]): string | null {
  const [owner] = probing.tenants;
  const { column } = target.application.tenant;
  const plain = parameter.name.replace(/^(p|in|arg)?_+/, "");
  if (plain === column || plain === "tenant") return owner;
  for (const relation of tenantRelations(target)) {
    const value = probing.row(owner, relation)?.[plain];
    if (value !== undefined && value !== null) return value;
  }
  return (
    candidates(
      { ...parameter, domain: null, maxLength: null, isNeeded: true, isGenerated: false, isNumbered: false },
      [],
    )[0] ?? null
  );
}

/**
 * Reads the functions of the application's schema, and those of other schemas that run as an owner who bypasses row
 * level security, with the roles that may call them.
 */
export async function readRoutines(target: Target): Promise<readonly Routine[]> {
  const { rows } = await target.admin.query<Routine>(routinesSql, [
    [target.application.schema],
    target.application.roles.map(({ user }) => user),
  ]);
  return rows;
}

const routinesSql = `
SELECT n.nspname AS schema, p.proname AS name, p.oid::regprocedure::text AS signature, owner.rolname AS owner,
  p.prokind = 'f' AND (p.proretset OR t.typtype = 'c' OR t.typname = 'record') AS "returnsRows",
  p.prosecdef AND (owner.rolsuper OR owner.rolbypassrls) AS escapes,
  coalesce((SELECT json_agg(json_build_object('name', coalesce(p.proargnames[a.position], ''), 'oid', a.type::text,
      'type', format_type(a.type, NULL), 'base', at.typname, 'isArray', at.typcategory = 'A',
      'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = at.oid)) ORDER BY a.position)
    FROM unnest(p.proargtypes) WITH ORDINALITY AS a(type, position) JOIN pg_type at ON at.oid = a.type
    WHERE a.position <= p.pronargs - p.pronargdefaults), '[]') AS parameters,
  ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY ($2) AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
    AND has_schema_privilege(r.oid, n.oid, 'USAGE') ORDER BY 1) AS callers
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_type t ON t.oid = p.prorettype
  JOIN pg_roles owner ON owner.oid = p.proowner
WHERE t.typname NOT IN ('trigger', 'event_trigger') AND (
  n.nspname = ANY ($1) AND p.prokind = 'f'
  OR p.prosecdef AND (owner.rolsuper OR owner.rolbypassrls) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'))
ORDER BY 1, 3`;
