import type {
  AlterDatabaseSetStmt,
  AlterDefaultPrivilegesStmt,
  AlterRoleSetStmt,
  AlterRoleStmt,
  AlterSystemStmt,
  CreateRoleStmt,
  GrantRoleStmt,
  GrantStmt,
  Node,
} from "libpg-query";
import { anyName } from "../../architecture/sql/built-text";
import { nameParts } from "../../architecture/sql/running-statements";
import { findHarms, type Harm, type HarmChecks } from "../harm";
import type { FileContext, Rule } from "../rule";
import { isServerFunction } from "../server-functions";
import { holdsTenants, shownName } from "../tenant-relations";

const byDescription = "Declare it under `roles` in architecture.yaml, which `up` applies, and remove the statement";

export const privilegeOutsideDescription: Rule = {
  name: "privilege-outside-description",
  severity: "error",
  harm: "A privilege that architecture.yaml doesn't declare is silently revoked, or gives a role more than it should have.",
  refuses: true,
  aboutFiles: true,
  check: (statements, context) => findHarms(statements, context, checks),
};

const checks: HarmChecks = {
  GrantStmt: (grant: GrantStmt, context) => ofGrant(grant, context),
  GrantRoleStmt({ granted_roles, grantee_roles, is_grant }: GrantRoleStmt) {
    if (!is_grant) return undefined;
    const granted = (granted_roles ?? [])
      .map((each) => ("AccessPriv" in each ? each.AccessPriv.priv_name : ""))
      .join(", ");
    return {
      what: `A membership gives ${rolesIn(grantee_roles).join(", ")} all that ${granted} may do`,
      fix: byDescription,
    };
  },
  AlterDefaultPrivilegesStmt({ action }: AlterDefaultPrivilegesStmt) {
    if (!action?.is_grant) return undefined;
    const what = `Default privileges give ${rolesIn(action.grantees).join(", ")} every future table before it is isolated`;
    return { what, fix: byDescription };
  },
  AlterRoleSetStmt: ({ role, setstmt }: AlterRoleSetStmt) => ({
    what: `Sessions of ${role?.rolename ?? "every role"} would begin with another ${setstmt?.name ?? "set of settings"}`,
    fix: "Say `statementTimeout` under `roles` in architecture.yaml; what else a session needs is its client's to set",
  }),
  AlterDatabaseSetStmt: ({ setstmt }: AlterDatabaseSetStmt) => ({
    what: `Every session would begin with another ${setstmt?.name ?? "set of settings"}, the toolkit's too`,
    fix: "Set it in the server's configuration, where operators look for it",
  }),
  AlterSystemStmt: ({ setstmt }: AlterSystemStmt) => ({
    what: `ALTER SYSTEM changes ${setstmt?.name ?? "the settings"} of the whole server, for every database on it`,
    fix: "Set it in the server's configuration",
  }),
  AlterRoleStmt: ({ role, options }: AlterRoleStmt) => ofPowers(role?.rolename, options),
  CreateRoleStmt: ({ role, options }: CreateRoleStmt) => ofPowers(role, options),
};

/** Powers other than BYPASSRLS and SUPERUSER, which have a rule of their own. */
function ofPowers(role: string | undefined, options: readonly Node[] | undefined): Harm | undefined {
  const powers = (options ?? []).flatMap((each) => {
    if (!("DefElem" in each)) return [];
    const { defname = "", arg } = each.DefElem;
    const given = arg && "Boolean" in arg && arg.Boolean.boolval;
    return given && ["createrole", "createdb", "isreplication"].includes(defname)
      ? [defname.replace("is", "").toUpperCase()]
      : [];
  });
  if (powers.length === 0) return undefined;
  return { what: `${powers.join(", ")} lets ${role} reach past its privileges`, fix: "Remove the attribute" };
}

function rolesIn(grantees: readonly Node[] | undefined): string[] {
  return (grantees ?? []).flatMap((each) => {
    if (!("RoleSpec" in each)) return [];
    const { roletype, rolename = "the administrator" } = each.RoleSpec;
    return [roletype === "ROLESPEC_PUBLIC" ? "PUBLIC" : rolename];
  });
}

function ofGrant(grant: GrantStmt, context: FileContext): Harm | undefined {
  const { tables } = context;
  const roles = rolesIn(grant.grantees).filter(
    (role) => role === "PUBLIC" || role === anyName || tables.roles.has(role),
  );
  const privileges = (grant.privileges ?? []).map((each) =>
    "AccessPriv" in each ? (each.AccessPriv.priv_name ?? "all").toUpperCase() : "ALL",
  );
  const named = privileges.length === 0 ? ["ALL"] : privileges;
  const said = `${grant.is_grant ? "GRANT" : "REVOKE"} ${named.join(", ")}`;
  if (grant.objtype === "OBJECT_PARAMETER_ACL" && grant.is_grant) {
    return {
      what: `${said} lets ${rolesIn(grant.grantees).join(", ")} set what the server keeps to itself`,
      fix: "Remove it",
    };
  }
  if (grant.objtype === "OBJECT_FUNCTION" && grant.is_grant) {
    const reached = (grant.objects ?? []).map((each) => nameParts(each).at(-1) ?? "").find(isServerFunction);
    return reached === undefined
      ? undefined
      : {
          what: `${said} on ${reached}() lets ${rolesIn(grant.grantees).join(", ")} reach the server`,
          fix: "Remove it",
        };
  }
  if (roles.length === 0) return undefined;
  if (grant.objtype === "OBJECT_SCHEMA" || grant.objtype === "OBJECT_DATABASE") {
    if (!grant.is_grant || !named.some((privilege) => privilege === "ALL" || privilege === "CREATE")) return undefined;
    return { what: `${said} lets ${roles.join(", ")} make objects of their own`, fix: "Grant USAGE alone" };
  }
  if (grant.objtype !== "OBJECT_TABLE") return undefined;
  for (const table of tablesOf(grant, context)) {
    for (const role of roles) {
      const declared = table.declared(role);
      const differs = grant.is_grant
        ? grant.grant_option || named.some((privilege) => !declared.includes(privilege))
        : named.some((privilege) => declared.includes(privilege) || (privilege === "ALL" && declared.length > 0));
      if (!differs) continue;
      return {
        what: `${said} on ${table.shown} ${grant.is_grant ? "to" : "from"} ${role} is undone by \`up\`: architecture.yaml says ${declared.join(", ") || "nothing"}`,
        fix: table.kind === "reference" && grant.is_grant ? ofReference : byDescription,
      };
    }
  }
  return undefined;
}

const ofReference =
  "Write the rows in SQL files, as reference tables change by these alone; or call the table `shared` in architecture.yaml, and list it in the role's `writes`";

interface Granted {
  readonly shown: string;
  readonly kind: "tenant" | "reference";
  declared(role: string): readonly string[];
}

/** The tables of a GRANT whose privileges architecture.yaml declares. */
function tablesOf({ targtype, objects }: GrantStmt, context: FileContext): Granted[] {
  const { tables } = context;
  if (targtype === "ACL_TARGET_ALL_IN_SCHEMA") {
    const schemas = (objects ?? []).flatMap(nameParts);
    if (!schemas.some((schema) => schema === tables.schema || schema === anyName || schema === "tenantry")) return [];
    return [...tables.catalog.tables.keys()].flatMap((name) => granted(name, context));
  }
  return (objects ?? []).flatMap((each) => {
    if (!("RangeVar" in each)) return [];
    const { relname = "", schemaname } = each.RangeVar;
    if (schemaname === "tenantry") {
      return [{ shown: `\`tenantry.${relname}\``, kind: "tenant" as const, declared: () => [] }];
    }
    if (schemaname !== undefined && schemaname !== tables.schema && schemaname !== anyName) return [];
    return holdsTenants(context, each.RangeVar) || tables.kindOf(relname) === "reference"
      ? granted(relname, context)
      : [];
  });
}

function granted(name: string, { tables }: FileContext): Granted[] {
  const kind = tables.kindOf(name) ?? "tenant";
  if (kind === "local") return [];
  const declared = (role: string): readonly string[] => {
    const { reads, writes } = tables.roles.get(role) ?? { reads: [], writes: [] };
    const has = (those: "all" | readonly string[]) => those === "all" || those.includes(name);
    if (has(writes)) return ["SELECT", "INSERT", "UPDATE", "DELETE"];
    return has(reads) ? ["SELECT"] : [];
  };
  return [{ shown: shownName(name), kind, declared }];
}
