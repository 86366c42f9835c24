import { Database } from "@pulumi/postgresql/database";
import { Extension } from "@pulumi/postgresql/extension";
import { Grant } from "@pulumi/postgresql/grant";
import { Role } from "@pulumi/postgresql/role";
import { Schema } from "@pulumi/postgresql/schema";
import * as pulumi from "@pulumi/pulumi";
import { lastingVerifier } from "../common/scram";
import { childrenOf } from "./children";

export interface DatabaseRolesArgs {
  /** The application's database. */
  readonly database: string;
  /** Roles that applications log in with: row level security binds them. */
  readonly applicationRoles: readonly string[];
  /** Roles that read the change stream. @default none */
  readonly replicationRoles?: readonly string[];
  /** Every role's password. */
  readonly passwords: pulumi.Input<Readonly<Record<string, string>>>;
  /**
   * Makes the database too, by this provider, which connects to another one, and lets only these roles connect to it.
   * @default it is there
   */
  readonly createWith?: pulumi.ProviderResource;
  /** Drops the database when it is deleted here; else it stays, with its data. @default false */
  readonly dropDatabase?: boolean;
  /** What takes the servers along when it is deleted, so that nothing is deleted on them before. @default nothing does */
  readonly deletedWith?: pulumi.Resource;
}

/**
 * What an application needs in PostgreSQL before its data plane: login roles without powers, pg_partman, and if asked for
 * the database. On Citus it acts in the distributed database, from where roles reach every node. Needs a superuser.
 *
 * @example new DatabaseRoles("database", { database: "shop", applicationRoles: ["shop_app"], passwords }, { provider })
 */
export class DatabaseRoles extends pulumi.ComponentResource {
  constructor(name: string, args: DatabaseRolesArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:DatabaseRoles", name, {}, options);
    const { database, applicationRoles, replicationRoles = [], createWith, dropDatabase, deletedWith } = args;
    const child = childrenOf(this, name, deletedWith && { deletedWith });
    // Roles are made, and what they were granted is taken from them, in the database itself.
    const made = createWith
      ? [
          child(
            Database,
            database,
            { name: database, encoding: "UTF8", template: "template0" },
            { provider: createWith, retainOnDelete: !dropDatabase },
          ),
        ]
      : [];
    const roles = [...applicationRoles, ...replicationRoles].map((role) => {
      const login = roleArgs(role, replicationRoles.includes(role), args.passwords);
      return { role, resource: child(Role, role, login, { dependsOn: made }) };
    });
    if (createWith) {
      const connect = (role: string, privileges: string[], after: pulumi.Resource[]) =>
        child(Grant, `${role}-connect`, { database, objectType: "database", role, privileges }, { dependsOn: after });
      const closed = connect("public", [], made);
      for (const { role, resource } of roles) connect(role, ["CONNECT"], [closed, resource]);
    }
    const stays = { retainOnDelete: true };
    // As much the data's as the database itself.
    const schema = child(Schema, "partman", { name: "partman", database }, { ...stays, dependsOn: made });
    const partman = { name: "pg_partman", schema: "partman", database };
    child(Extension, "pg-partman", partman, { ...stays, dependsOn: [schema] });
    this.registerOutputs({});
  }
}

function roleArgs(role: string, replication: boolean, passwords: DatabaseRolesArgs["passwords"]) {
  return {
    name: role,
    login: true,
    replication,
    superuser: false,
    createDatabase: false,
    createRole: false,
    bypassRowLevelSecurity: false,
    // In place of the password, which so comes into no statement, no log of the server and no state.
    password: pulumi.secret(pulumi.output(passwords).apply((known) => lastingVerifier(role, passwordOf(known, role)))),
  };
}

function passwordOf(passwords: Readonly<Record<string, string>>, role: string): string {
  const password = passwords[role];
  if (password === undefined) throw new Error(`the role ${role} has no password`);
  return password;
}
