import type { RoleBoundaryInputs } from "../../architecture/data-plane/declaration";
import { type Reach, reaches, reservedFunctions } from "../../architecture/reserved-functions";
import { quoteIdentifier } from "../../common/identifier";
import type { Facet, Gap } from "./gap";

/** Reserved function of a database, with the roles that may call it. */
export interface FoundFunction {
  /** As in GRANT: `pg_advisory_lock(bigint)`. */
  readonly signature: string;
  readonly name: string;
  readonly group: Reach;
  /** Grantees. `PUBLIC` is everybody, as on a fresh database. */
  readonly grantees: readonly string[];
  /** True if this login may grant and revoke it. */
  readonly mayRevoke: boolean;
}

/**
 * Privileges on functions of pg_catalog belong to one database of one node, so each new database or node starts open.
 */
export const functions: Facet = {
  everyNode: true,
  async read(read, bounds) {
    const found = await read<FoundFunction>(functionsSql, [listed("functions"), listed("extensions")]);
    return judgeFunctions(found, bounds);
  },
};

function listed(what: "functions" | "extensions"): string {
  const all = reaches.flatMap((group) => (reservedFunctions[group][what] ?? []).map((name) => ({ group, name })));
  return JSON.stringify(all);
}

const functionsSql = `
SELECT p.oid::regprocedure::text AS signature, proname::text AS name, reach AS group,
  ARRAY(SELECT coalesce(rolname, 'PUBLIC')::text FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
    LEFT JOIN pg_roles ON pg_roles.oid = grantee WHERE grantee <> proowner ORDER BY 1) AS grantees,
  pg_has_role(proowner, 'USAGE') AS "mayRevoke"
FROM (
  SELECT pg_proc.oid, "group" FROM jsonb_to_recordset($1::jsonb) AS given ("group" text, name text)
  JOIN pg_proc ON proname = name AND pronamespace = 'pg_catalog'::regnamespace
  UNION ALL
  SELECT objid, "group" FROM jsonb_to_recordset($2::jsonb) AS given ("group" text, name text)
  JOIN pg_extension ON extname = name
  JOIN pg_depend ON refclassid = 'pg_extension'::regclass AND refobjid = pg_extension.oid AND deptype = 'e' AND classid = 'pg_proc'::regclass
) AS reserved (function, reach) JOIN pg_proc AS p ON p.oid = function
ORDER BY 3, 1`;

export function judgeFunctions(found: readonly FoundFunction[], bounds: RoleBoundaryInputs): Gap[] {
  const open = found.filter(({ grantees, mayRevoke }) => !mayRevoke && grantees.includes("PUBLIC"));
  const ours = found.filter(({ mayRevoke }) => mayRevoke);
  const gaps = reaches.flatMap((group) =>
    judgeGroup(
      group,
      ours.filter((each) => each.group === group),
      bounds,
    ),
  );
  return open.length === 0 ? gaps : [...gaps, outOfReach(open)];
}

/** One statement for everything that a role loses or gets. Roles that need a function get it before PUBLIC loses it. */
function judgeGroup(group: Reach, found: readonly FoundFunction[], bounds: RoleBoundaryInputs): Gap[] {
  const holders = holdersOf(group, bounds);
  const lacking = holders.map((holder) => ({
    role: holder,
    missing: found.filter(({ grantees }) => !grantees.includes(holder)),
  }));
  const surplus = ["PUBLIC", ...Object.keys(bounds.roles)]
    .filter((role) => !holders.includes(role))
    .map((role) => ({ role, held: found.filter(({ grantees }) => grantees.includes(role)) }));
  return [
    ...lacking.flatMap(({ role, missing }) =>
      missing.length === 0
        ? []
        : [
            {
              subject: role,
              seen: `may not call ${namesOf(missing)} by itself`,
              mend: [`GRANT EXECUTE ON FUNCTION ${signaturesOf(missing)} TO ${quoteRole(role)}`],
            },
          ],
    ),
    ...surplus.flatMap(({ role, held }) =>
      held.length === 0
        ? []
        : [
            {
              subject: role,
              seen: `may call ${namesOf(held)}, and so ${reservedFunctions[group].harm}`,
              mend: [`REVOKE EXECUTE ON FUNCTION ${signaturesOf(held)} FROM ${quoteRole(role)} CASCADE`],
            },
          ],
    ),
  ];
}

/** Roles that may call the functions of a group, sorted. */
export function holdersOf(group: Reach, { roles }: RoleBoundaryInputs): readonly string[] {
  const own = Object.entries(roles).flatMap(([role, bound]) => (bound.reaches.includes(group) ? [role] : []));
  const predefined = reservedFunctions[group].neededBy.filter((need) => need.startsWith("pg_"));
  return [...own, ...predefined].toSorted();
}

/** On managed services, administrators don't own pg_catalog. */
function outOfReach(open: readonly FoundFunction[]): Gap {
  return {
    subject: "PUBLIC",
    seen:
      `may call ${open.length} functions that reach further than rows, and only their owner can revoke that: ${namesOf(open)}. ` +
      "Let no stranger's SQL in as any role (docs/tenant-isolation.md, Functions that reach further), or move to a server whose superuser is yours",
    mend: [],
  };
}

const namesOf = (found: readonly FoundFunction[]) => [...new Set(found.map(({ name }) => name))].join(", ");
const signaturesOf = (found: readonly FoundFunction[]) => found.map(({ signature }) => signature).join(", ");
const quoteRole = (role: string) => (role === "PUBLIC" ? role : quoteIdentifier(role));
