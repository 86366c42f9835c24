import type { Role } from "../../architecture/application";
import { quoteQualified } from "../../architecture/identifier";
import type { Column } from "../catalog";
import type { Check } from "../check";
import { candidates } from "../dummy";
import { type Finding, judge, pass, warn } from "../finding";
import { type Probing, withProbes } from "../probing";
import type { Row } from "../row-writer";
import { type Target, tenantRelations } from "../target";

/** A function of the application's schema that one of its roles may call. */
interface Routine {
  readonly schema: string;
  readonly name: string;
  readonly signature: string;
  readonly returnsRows: boolean;
  /** Whether it runs as an owner who is above row level security. */
  readonly escapes: boolean;
  readonly owner: string;
  /** Those without a default. */
  readonly parameters: readonly (Pick<Column, "name" | "type" | "base" | "isArray" | "labels"> & {
    readonly oid: string;
  })[];
  readonly callers: readonly string[];
}

/** Functions are a third door: one that runs as its owner leaves row level security outside. */
export const functions: Check = {
  name: "functions",
  claim: "no function of the application's schema returns another tenant's rows",
  async run(target) {
    const found = (await readRoutines(target)).filter(({ callers }) => callers.length > 0);
    const worthACall = found.filter(({ returnsRows, escapes }) => returnsRows || escapes);
    if (worthACall.length === 0) {
      return [pass(target.application.schema, "no function returns rows or runs as somebody above row level security")];
    }
    return withProbes(target, async (probing) => {
      const findings: Finding[] = [];
      for (const routine of worthACall) findings.push(await checkRoutine(target, probing, routine));
      return findings;
    });
  },
};

async function checkRoutine(target: Target, probing: Probing, routine: Routine): Promise<Finding> {
  const subject = routine.signature;
  const callers = target.application.roles.filter(({ user }) => routine.callers.includes(user));
  const wrong: string[] = [];
  let unclear: string | undefined;
  if (routine.returnsRows) {
    for (const role of callers) {
      const leak = await tryRoutine(target, probing, role, routine);
      if (leak.returned) wrong.push(`${role.user} gets another tenant's rows from it`);
      unclear ??= leak.unclear;
    }
  }
  if (wrong.length > 0) return judge(subject, wrong, "");
  const names = callers.map(({ user }) => user).join(", ");
  if (routine.escapes) {
    const seen = unclear === undefined ? "nothing leaked here" : `it could not be tried (${unclear})`;
    return warn(
      subject,
      `runs as ${routine.owner}, whom row level security does not hold, for ${names}: ${seen}, but read it, or make it SECURITY INVOKER`,
    );
  }
  return pass(subject, unclear === undefined ? `${names}: own rows only` : `${names}: no rows (${unclear})`);
}

async function tryRoutine(target: Target, probing: Probing, role: Role, routine: Routine) {
  const [owner, stranger] = probing.tenants;
  const values = routine.parameters.map((parameter) => argument(target, probing, parameter));
  const call = `${quoteQualified(routine.schema, routine.name)}(${routine.parameters
    .map(({ type }, index) => `$${index + 1}::${type}`)
    .join(", ")})`;
  const marks = probing.marks(owner).filter((mark) => mark === owner || !values.includes(mark));
  const sql = `SELECT count(*)::text AS n FROM ${call} AS seen
    WHERE EXISTS (SELECT FROM unnest($${values.length + 1}::text[]) AS mark WHERE position(mark IN seen::text) > 0)`;
  let unclear: string | undefined;
  for (const tenant of [undefined, stranger]) {
    const attempt = await probing.as(role, tenant, (run) => run(sql, [...values, marks]));
    if (attempt.refused !== undefined) unclear = attempt.refused;
    else if (attempt.rows[0]?.["n"] !== "0") return { returned: true, unclear };
  }
  return { returned: false, unclear };
}

/** The other tenant's own value for a parameter named after a column, with or without a prefix; else an invented one. */
function argument(target: Target, probing: Probing, parameter: Routine["parameters"][number]): string | null {
  const [owner] = probing.tenants;
  const { column } = target.application.tenant;
  const plain = parameter.name.replace(/^(p|in|arg)?_+/, "");
  if (plain === column || plain === "tenant") return owner;
  for (const relation of tenantRelations(target)) {
    const value = valueOf(probing.row(owner, relation), plain);
    if (value !== undefined && value !== null) return value;
  }
  return candidates({ ...parameter, domain: null, maxLength: null, isNeeded: true, isGenerated: false }, [])[0] ?? null;
}

const valueOf = (row: Row | undefined, column: string) => row?.[column];

async function readRoutines(target: Target): Promise<readonly Routine[]> {
  const { rows } = await target.admin.query<Routine>(routinesSql, [
    [target.application.schema],
    target.application.roles.map(({ user }) => user),
  ]);
  return rows;
}

const routinesSql = `
SELECT n.nspname AS schema, p.proname AS name, p.oid::regprocedure::text AS signature, owner.rolname AS owner,
  p.proretset OR t.typtype = 'c' OR t.typname = 'record' AS "returnsRows",
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
WHERE n.nspname = ANY ($1) AND p.prokind = 'f' AND t.typname NOT IN ('trigger', 'event_trigger')
ORDER BY 1, 3`;
