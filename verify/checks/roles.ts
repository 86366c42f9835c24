import type { ClientBase } from "pg";
import type { Role } from "../../architecture/application";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, judge } from "../finding";
import { withLogin } from "../login";
import { signed } from "../probing";
import { loginOf, type Target, tenantRelations } from "../target";

/** Checks the roles' real sessions: row level security covers rows, but not TRUNCATE. */
export const roles: Check = {
  name: "roles",
  claim: "the application's roles see nothing when they log in without a tenant, and truncate nothing",
  async run(target) {
    const findings: Finding[] = [];
    for (const role of target.application.roles) findings.push(await checkRole(target, role));
    return findings;
  },
};

async function checkRole(target: Target, role: Role): Promise<Finding> {
  const { rows } = await target.admin.query("SELECT FROM pg_roles WHERE rolname = $1", [role.user]);
  if (rows.length === 0) return fail(role.user, "the role does not exist");
  const wrong = (await truncatable(target, role)).map(
    (name) => `may TRUNCATE ${name}, which row level security does not hold`,
  );
  const login = loginOf(target, role);
  if (!login) return judge(role.user, wrong, "may truncate nothing (its login is not known here)");
  const seen = await seenAtLogin(target, login);
  return judge(role.user, [...wrong, ...seen], "logs in and sees no row without a tenant; may truncate nothing");
}

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

/** Logs in as the role, with its own settings. */
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
