import type { RoleBoundaryInputs } from "../../architecture/data-plane/declaration";
import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import type { Facet, Gap } from "./gap";

/** Setting of new sessions. */
interface Setting {
  /** Null for every role. */
  readonly role: string | null;
  /** Null for every database. */
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
}

/** Settings of the roles' new sessions. A role may change its own, so a limit can disappear without any grant. */
export const settings: Facet = {
  everyNode: false,
  async read(read, bounds) {
    const found = await read<Setting>(
      `SELECT rolname::text AS role, datname::text AS database, split_part(setting, '=', 1) AS name,
         substring(setting FROM position('=' IN setting) + 1) AS value
       FROM pg_db_role_setting CROSS JOIN LATERAL unnest(setconfig) AS setting
       LEFT JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase
       WHERE (setrole = 0 OR rolname = ANY ($1)) AND (setdatabase = 0 OR datname = current_database()) ORDER BY 1, 2, 3`,
      [Object.keys(bounds.roles)],
    );
    const [here] = await read<{ database: string }>("SELECT current_database()::text AS database");
    return judgeSettings(found, bounds, here?.database ?? "");
  },
};

/** Settings that no session may start with, and the harm of each. */
const forbidden: Readonly<Record<string, (value: string) => string | undefined>> = {
  "app.tenant_id": (value) => (value === "" ? undefined : "has a tenant by default"),
  role: (value) => (value === "none" ? undefined : "becomes another role when it logs in"),
  row_security: (value) => (isOn(value) ? undefined : "gets errors in place of its rows"),
  session_replication_role: (value) => (value === "origin" ? undefined : "works without triggers and foreign keys"),
  event_triggers: (value) => (isOn(value) ? undefined : "makes partitions that nobody isolates"),
  session_preload_libraries: (value) => (value === "" ? undefined : "loads a library into each session"),
  local_preload_libraries: (value) => (value === "" ? undefined : "loads a library into each session"),
};

const isOn = (value: string) => ["on", "true", "yes", "1"].includes(value.toLowerCase());

/** Settings that are declared for each role in this database, which nobody else may set. */
const declarable = ["search_path", "statement_timeout"];

export function judgeSettings(found: readonly Setting[], bounds: RoleBoundaryInputs, database: string): Gap[] {
  const harmful = found.flatMap((setting): Gap[] => {
    const harm = forbidden[setting.name.toLowerCase()]?.(setting.value);
    if (harm === undefined) return [];
    const seen = `${harm}: ${setting.name}=${setting.value}${setting.database === null ? ", in every database" : ""}`;
    return [{ subject: setting.role ?? "every role", seen, mend: [`${target(setting)} RESET ${quoteName(setting)}`] }];
  });
  const changed = Object.entries(bounds.roles).flatMap(([role, { settings: wanted }]) =>
    declarable.flatMap((name): Gap[] => {
      const expected = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
      const own = found.find((each) => each.role === role && each.database === database && each.name === name)?.value;
      if (canonical(own) === canonical(expected)) return [];
      const seen = `begins with ${name} ${own === undefined ? "as the server has it" : `= ${own}`}; declared is ${expected ?? "none"}`;
      const place = target({ role, database });
      const value = name === "search_path" ? expected : expected && quoteLiteral(expected);
      return [
        { subject: role, seen, mend: [`${place} ${value === undefined ? `RESET ${name}` : `SET ${name} = ${value}`}`] },
      ];
    }),
  );
  return [...harmful, ...changed];
}

/** PostgreSQL prints a path with other quotes. */
function canonical(value: string | undefined): string | undefined {
  return value?.replace(/[\s"]/g, "");
}

function target({ role, database }: Pick<Setting, "role" | "database">): string {
  if (role === null) return database === null ? "ALTER ROLE ALL" : `ALTER DATABASE ${quoteIdentifier(database)}`;
  const where = database === null ? "" : ` IN DATABASE ${quoteIdentifier(database)}`;
  return `ALTER ROLE ${quoteIdentifier(role)}${where}`;
}

function quoteName({ name }: Setting): string {
  return name.split(".").map(quoteIdentifier).join(".");
}
