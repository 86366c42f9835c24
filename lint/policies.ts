import type { AlterPolicyStmt, CreatePolicyStmt, Node } from "libpg-query";
import { nameOfParts, relationName } from "../architecture/sql/relation-name";
import { nameParts } from "../architecture/sql/running-statements";
import type { ParsedStatement } from "../architecture/sql/sql-parser";
import { holdsTo } from "./policy-condition";

/** A policy of row level security. */
export interface Policy {
  readonly name: string;
  readonly permissive: boolean;
  /** The command that it restricts, or `all`. */
  readonly command: string;
  /** The roles that it applies to; `public` for all. */
  readonly roles: readonly string[];
  /** The condition on rows that a command finds. */
  readonly using: Node | undefined;
  /** The condition on rows that a command writes, if it differs. */
  readonly check: Node | undefined;
}

/** Policies by table, then by name. */
export type Policies = ReadonlyMap<string, ReadonlyMap<string, Policy>>;

/** The reason why restrictive policies don't count on Citus. */
export const citusDropsWord = "Citus drops the word RESTRICTIVE when it copies policies to the shards";

export const noPolicies: Policies = new Map();

/** The policies after the statements. */
export function policiesAfter(
  statements: readonly ParsedStatement[],
  schema: string,
  before: Policies = noPolicies,
): Policies {
  const tables = new Map([...before].map(([table, policies]) => [table, new Map(policies)]));
  for (const { node } of statements) {
    if ("CreatePolicyStmt" in node) {
      const table = relationName(node.CreatePolicyStmt.table, schema);
      const policies = tables.get(table) ?? new Map<string, Policy>();
      const policy = policyOf(node.CreatePolicyStmt);
      tables.set(table, policies.set(policy.name, policy));
    } else if ("AlterPolicyStmt" in node) {
      const policies = tables.get(relationName(node.AlterPolicyStmt.table, schema));
      const policy = policies?.get(node.AlterPolicyStmt.policy_name ?? "");
      if (policy) policies?.set(policy.name, altered(policy, node.AlterPolicyStmt));
    } else if ("RenameStmt" in node) {
      const { renameType, relation, subname = "", newname = "" } = node.RenameStmt;
      const table = relationName(relation, schema);
      const policies = tables.get(table);
      const policy = policies?.get(subname);
      if (renameType === "OBJECT_POLICY" && policy) {
        policies?.delete(subname);
        policies?.set(newname, { ...policy, name: newname });
      } else if (renameType === "OBJECT_TABLE" && policies) {
        tables.delete(table);
        tables.set(relationName({ ...relation, relname: newname }, schema), policies);
      }
    } else if ("DropStmt" in node) {
      const { removeType, objects = [] } = node.DropStmt;
      for (const parts of objects.map(nameParts)) {
        if (removeType === "OBJECT_TABLE") tables.delete(nameOfParts(parts, schema));
        else if (removeType === "OBJECT_POLICY") {
          tables.get(nameOfParts(parts.slice(0, -1), schema))?.delete(parts.at(-1) ?? "");
        }
      }
    }
  }
  return tables;
}

function policyOf({ policy_name = "", permissive = false, cmd_name = "all", ...rest }: CreatePolicyStmt): Policy {
  const { roles = [], qual, with_check } = rest;
  return { name: policy_name, permissive, command: cmd_name, roles: namesOf(roles), using: qual, check: with_check };
}

function altered(policy: Policy, { roles, qual, with_check }: AlterPolicyStmt): Policy {
  return {
    ...policy,
    ...(roles && { roles: namesOf(roles) }),
    ...(qual && { using: qual }),
    ...(with_check && { check: with_check }),
  };
}

function namesOf(roles: readonly Node[]): readonly string[] {
  const names = roles.flatMap((each) => {
    if (!("RoleSpec" in each)) return [];
    const { roletype = "", rolename } = each.RoleSpec;
    return rolename ?? (roletype === "ROLESPEC_PUBLIC" ? "public" : roletype);
  });
  return names.length === 0 ? ["public"] : names;
}

/** The statement's own policy as it is after the statement; undefined if an altered policy is unknown. */
export function policyIn(
  statement: CreatePolicyStmt | AlterPolicyStmt,
  { schema, policies }: { readonly schema: string; readonly policies: Policies },
): Policy | undefined {
  if ("cmd_name" in statement) return policyOf(statement);
  const known = policies.get(relationName(statement.table, schema))?.get(statement.policy_name ?? "");
  return known && altered(known, statement);
}

/** The commands to which each clause applies. */
const commands = { using: ["select", "update", "delete"], check: ["insert", "update"] } as const;

/**
 * The names of the restrictive policies that hold the rows of a permissive one to the tenant: one for each of its roles
 * and commands. Undefined if a role or a command is left open.
 */
export function restrictedBy(
  { command, roles }: Policy,
  clause: keyof typeof commands,
  others: ReadonlyMap<string, Policy> | undefined,
  tenantColumn: string,
): readonly string[] | undefined {
  const restrictive = [...(others?.values() ?? [])].filter(({ permissive, using, check }) => {
    const condition = clause === "using" ? using : (check ?? using);
    return !permissive && condition !== undefined && holdsTo(tenantColumn, condition);
  });
  const covers = (is: string) => (each: Policy) => each.command === "all" || each.command === is;
  const asked = commands[clause].filter((each) => command === "all" || command === each);
  const found = asked.flatMap((each) =>
    roles.map((role) =>
      restrictive.filter(covers(each)).find((other) => other.roles.some((name) => name === "public" || name === role)),
    ),
  );
  const names = new Set(found.map((each) => each?.name));
  return names.size === 0 || names.has(undefined) ? undefined : ([...names] as string[]);
}
