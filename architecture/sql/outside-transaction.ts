import type { Node } from "libpg-query";
import { definitions, isOn } from "./definition-options";

/**
 * The name of a statement that PostgreSQL rejects inside a transaction (PreventInTransactionBlock); undefined for all
 * other statements.
 */
export function outsideTransaction(node: Node): string | undefined {
  if ("IndexStmt" in node && node.IndexStmt.concurrent) return "CREATE INDEX CONCURRENTLY";
  if ("DropStmt" in node && node.DropStmt.concurrent) return "DROP INDEX CONCURRENTLY";
  if ("AlterTableStmt" in node) {
    const detaches = node.AlterTableStmt.cmds?.some(
      (each) =>
        "AlterTableCmd" in each &&
        each.AlterTableCmd.def &&
        "PartitionCmd" in each.AlterTableCmd.def &&
        each.AlterTableCmd.def.PartitionCmd.concurrent,
    );
    return detaches ? "DETACH PARTITION … CONCURRENTLY" : undefined;
  }
  if ("ReindexStmt" in node) {
    const { kind = "", params } = node.ReindexStmt;
    if (isOn(params, "concurrently")) return "REINDEX CONCURRENTLY";
    return wholeReindexes[kind];
  }
  if ("VacuumStmt" in node && node.VacuumStmt.is_vacuumcmd) return "VACUUM";
  if ("ClusterStmt" in node && !node.ClusterStmt.relation) return "CLUSTER of all tables";
  if ("CreatedbStmt" in node) return "CREATE DATABASE";
  if ("DropdbStmt" in node) return "DROP DATABASE";
  if ("AlterDatabaseStmt" in node) {
    return hasOption(node.AlterDatabaseStmt.options, "tablespace") ? "ALTER DATABASE … SET TABLESPACE" : undefined;
  }
  if ("CreateTableSpaceStmt" in node) return "CREATE TABLESPACE";
  if ("DropTableSpaceStmt" in node) return "DROP TABLESPACE";
  if ("AlterSystemStmt" in node) return "ALTER SYSTEM";
  if ("CreateSubscriptionStmt" in node) {
    const { options } = node.CreateSubscriptionStmt;
    const makesSlot = isOn(options, "connect", true) && isOn(options, "create_slot", true);
    return makesSlot ? "CREATE SUBSCRIPTION with a slot" : undefined;
  }
  if ("DropSubscriptionStmt" in node) return "DROP SUBSCRIPTION with a slot";
  if ("DiscardStmt" in node && node.DiscardStmt.target === "DISCARD_ALL") return "DISCARD ALL";
  return undefined;
}

const wholeReindexes: Readonly<Record<string, string>> = {
  REINDEX_OBJECT_SCHEMA: "REINDEX SCHEMA",
  REINDEX_OBJECT_SYSTEM: "REINDEX SYSTEM",
  REINDEX_OBJECT_DATABASE: "REINDEX DATABASE",
};

function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return definitions(options).some(({ defname }) => defname === name);
}
