import { quoteIdentifier } from "../../common/identifier";
import { adminUser, nodeCommonName, nodeUser } from "./citus-names";
import type { CitusPlan } from "./citus-plan";

const nodeMap = "nodes";

/** `pg_ident.conf`: a node is known by its certificate, or by being inside the pod, and may act for any role. */
export function identityMap(): string[] {
  return [`${nodeMap} ${nodeCommonName} all`, `${nodeMap} ${nodeUser} all`];
}

/**
 * `pg_hba.conf`: what is not declared is refused, and nothing without TLS. Nodes show a certificate, so no password has
 * to be known to them. Applications log in at the coordinator only; a worker's SELECT would show every tenant's rows.
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
