import type { Application } from "./application";

/** Names of an application's objects in PostgreSQL and Kafka. */

/** A role of `architecture.yaml` in PostgreSQL. */
export function roleUser(application: string, role: string): string {
  return `${application}_${role}`;
}

/** The role that reads the replication stream. */
export function cdcRole(application: string): string {
  return roleUser(application, "cdc");
}

/** The topic of an aggregate's events. */
export function topicName(application: string, aggregate: string): string {
  return `${application}.${aggregate}.events`;
}

/** Prefix of a tenant's objects: its roles; in the model `schema` its schema; in a silo its slots and connectors. */
export function tenantPrefix(application: string, tenant: string): string {
  return `${application}_${tenant}`;
}

/** Prefix of slots and connectors: the application's name, in a silo followed by the tenant's. */
export function replicationPrefix({ name, scope }: Pick<Application, "name" | "scope">): string {
  return scope?.model === "silo" ? tenantPrefix(name, scope.tenant.name) : name;
}

/** Schema of the outbox, the processed events and their functions. In the model `schema`, each tenant has its own. */
export function eventsSchema({ schema, scope }: Pick<Application, "schema" | "scope">): string {
  return scope?.model === "schema" && scope.tenant ? schema : "tenantry";
}

/** Key of a tenant's role in the endpoints' logins: `acme/app`. */
export function tenantLogin(tenant: string, role: string): string {
  return `${tenant}/${role}`;
}

/** Name of a silo's database on the same servers. */
export function siloDatabase(database: string, tenant: string): string {
  return `${database}_${tenant}`;
}
