import { quoteIdentifier } from "../../common/identifier";
import { adminUser, nodeCommonName, nodeUser } from "./citus-names";
import type { CitusPlan } from "./citus-plan";

const nodeMap = "nodes";

/** `pg_ident.conf`: a node, recognised by its certificate or by the pod's own socket, may log in as any role. */
export function identityMap(): string[] {
  return [`${nodeMap} ${nodeCommonName} all`, `${nodeMap} ${nodeUser} all`];
}

/**
 * `pg_hba.conf`: it refuses undeclared roles and connections without TLS. Nodes log in by certificate, so they need no
 * password. Applications log in at the coordinator only, because a SELECT on a worker shows every tenant's rows.
 */
export function hostRules(plan: CitusPlan, group: number): string[] {
  const database = quoteIdentifier(plan.database);
  const byPassword = (roles: readonly string[]) =>
    roles.map((role) => `hostssl ${database} ${quoteIdentifier(role)} all scram-sha-256`);
  const byCertificate = (databases: string, users: string, addresses = "all") =>
    `hostssl ${databases} ${users} ${addresses} cert map=${nodeMap}`;
  return [
    `local all all peer map=${nodeMap}`,
    `local replication all peer map=${nodeMap}`,
    byCertificate("replication", "standby"),
    // A standby copies failover slots over an ordinary connection.
    byCertificate("postgres", "standby"),
    byCertificate("all", nodeUser),
    ...byPassword([adminUser, ...plan.replicationRoles]),
    ...(group === 0
      ? [byCertificate(database, "all", "samehost"), ...byPassword(plan.applicationRoles)]
      : [byCertificate(database, "all")]),
  ];
}
