import type { ClientBase } from "pg";
import type { Role } from "../../architecture/application";
import { quoteIdentifier, quoteQualified } from "../../architecture/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge } from "../finding";
import { withLogin } from "../login";
import { signed } from "../probing";
import { loginOf, type Target, tenantRelations } from "../target";

/** Row level security holds roles, not those who own tables or are above it: the application's must be neither. */
export const roles: Check = {
  name: "roles",
  claim: "the application's roles own nothing, bypass nothing, and see nothing when they log in without a tenant",
  async run(target) {
    const findings: Finding[] = [];
    for (const role of target.application.roles) findings.push(await checkRole(target, role));
    return findings;
  },
};

async function checkRole(target: Target, role: Role): Promise<Finding> {
  const { rows } = await target.admin.query<{ powers: string[]; owned: string[]; settings: string[] }>(powersSql, [
    role.user,
    schemas(target),
  ]);
  const [found] = rows;
  if (!found) return fail(role.user, "the role does not exist");
  const wrong = [
    ...found.powers,
    ...found.owned.map((name) => `owns ${name}`),
    ...found.settings.map((setting) => `has a tenant by default: ${setting}`),
    ...(await truncatable(target, role)).map((name) => `may TRUNCATE ${name}, which row level security does not hold`),
  ];
  const login = loginOf(target, role);
  if (!login) return judge(role.user, wrong, "owns nothing, bypasses nothing (its login is not known here)");
  const seen = await seenAtLogin(target, login);
  return judge(
    role.user,
    [...wrong, ...seen],
    "owns nothing, bypasses nothing; logs in and sees no row without a tenant",
  );
}

const schemas = ({ application }: Target) => [application.schema, "tenantry"];

/** Powers count wherever the role gets them from: a role that it may become gives it all of its own. */
const powersSql = `
SELECT
  (SELECT coalesce(json_agg(DISTINCT CASE WHEN p.rolname = r.rolname THEN power ELSE 'may become ' || p.rolname || ', which ' || power END), '[]')
    FROM pg_roles p CROSS JOIN LATERAL unnest(array_remove(ARRAY[
      CASE WHEN p.rolsuper THEN 'is a superuser' END,
      CASE WHEN p.rolbypassrls THEN 'has BYPASSRLS' END,
      CASE WHEN p.rolreplication THEN 'may replicate, which reads every row' END], NULL)) AS power
    WHERE pg_has_role(r.oid, p.oid, 'MEMBER')) AS powers,
  (SELECT coalesce(json_agg(DISTINCT n.nspname || '.' || c.relname), '[]')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles owner ON owner.oid = c.relowner
    WHERE n.nspname = ANY ($2) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT r.rolsuper AND NOT owner.rolsuper
      AND pg_has_role(r.oid, owner.oid, 'MEMBER')) AS owned,
  (SELECT coalesce(json_agg(setting), '[]')
    FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS setting
    WHERE s.setrole IN (0, r.oid) AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND setting LIKE 'app.tenant\\_id=_%') AS settings
FROM pg_roles r WHERE r.rolname = $1`;

async function truncatable(target: Target, role: Role): Promise<readonly string[]> {
  const names = tenantRelations(target).map(({ schema, name }) => quoteQualified(schema, name));
  const { rows } = await target.admin.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name
     FROM unnest($1::text[]) AS wanted(name) JOIN LATERAL pg_partition_tree(to_regclass(wanted.name)) tree ON true
     JOIN pg_class c ON c.oid = tree.relid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE has_table_privilege($2, c.oid, 'TRUNCATE')
     UNION SELECT n.nspname || '.' || c.relname FROM unnest($1::text[]) AS wanted(name)
     JOIN pg_class c ON c.oid = to_regclass(wanted.name) JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE has_table_privilege($2, c.oid, 'TRUNCATE') ORDER BY 1`,
    [names, role.user],
  );
  return rows.map(({ name }) => name);
}

/** As a real login: what a session of its own sees, with whatever settings it starts with. */
async function seenAtLogin(target: Target, login: { readonly user: string; readonly password: string }) {
  const wrong: string[] = [];
  const look = async (client: ClientBase) => {
    for (const { schema, name } of tenantRelations(target)) {
      const relation = quoteQualified(schema, name);
      const { rows } = await client.query<{ seen: boolean | null }>(
        `SELECT CASE WHEN has_table_privilege(to_regclass($1), 'SELECT') THEN true END AS seen`,
        [relation],
      );
      if (rows[0]?.seen !== true) continue;
      const { rowCount } = await client.query(signed(`SELECT FROM ${relation} LIMIT 1`));
      if (rowCount !== 0) wrong.push(`sees rows of ${schema}.${name} without a tenant`);
    }
  };
  await withLogin(target.endpoints.postgres, login, look).catch((error: Error) => {
    wrong.push(`${quoteIdentifier(login.user)} can't log in and look: ${error.message}`);
  });
  return wrong;
}
