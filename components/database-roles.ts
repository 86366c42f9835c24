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
  /** Roles that applications log in with; row level security applies to them. */
  readonly applicationRoles: readonly string[];
  /** Roles that read the change stream. @default none */
  readonly replicationRoles?: readonly string[];
  /** Every role's password. */
  readonly passwords: pulumi.Input<Readonly<Record<string, string>>>;
  /**
   * Also creates the database, through this provider, which connects to another database, and lets only these roles connect.
   * @default the database exists
   */
  readonly createWith?: pulumi.ProviderResource;
  /** Drops the database when this component is deleted; otherwise the database stays with its data. @default false */
  readonly dropDatabase?: boolean;
  /** A resource, such as a namespace, whose deletion deletes the servers too; then nothing is deleted on them first. @default none */
  readonly deletedWith?: pulumi.Resource;
}

/**
 * Everything that an application needs in PostgreSQL before its data plane: login roles without special attributes,
 * pg_partman and, on request, the database. On Citus it works in the distributed database, from which Citus propagates roles
 * to every node. Needs a superuser.
 *
 * @example new DatabaseRoles("database", { database: "shop", applicationRoles: ["shop_app"], passwords }, { provider })
 */
export class DatabaseRoles extends pulumi.ComponentResource {
  constructor(name: string, args: DatabaseRolesArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:DatabaseRoles", name, {}, options);
    const { database, applicationRoles, replicationRoles = [], createWith, dropDatabase, deletedWith } = args;
    const child = childrenOf(this, name, deletedWith && { deletedWith });
    // Roles are created in the database itself, and their grants are revoked there when they are deleted.
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
    // The schema holds the partitions' configuration, so it stays as long as the data.
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
    // The verifier stands in for the password, which then reaches no statement, no server log and no state.
    password: pulumi.secret(pulumi.output(passwords).apply((known) => lastingVerifier(role, passwordOf(known, role)))),
  };
}

function passwordOf(passwords: Readonly<Record<string, string>>, role: string): string {
  const password = passwords[role];
  if (password === undefined) throw new Error(`the role ${role} has no password`);
  return password;
}
