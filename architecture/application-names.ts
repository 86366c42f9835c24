import type { Application } from "./application";

/** The names that an application's parts have in PostgreSQL and Kafka. */

/** A role of `architecture.yaml` in PostgreSQL. */
export function roleUser(application: string, role: string): string {
  return `${application}_${role}`;
}

/** The role that reads the change stream. */
export function cdcRole(application: string): string {
  return roleUser(application, "cdc");
}

/** The topic of an aggregate's events. */
export function topicName(application: string, aggregate: string): string {
  return `${application}.${aggregate}.events`;
}

/** What is a tenant's own: its schema in the model `schema`; in a silo its slots and connectors; in both it prefixes roles. */
export function tenantPrefix(application: string, tenant: string): string {
  return `${application}_${tenant}`;
}

/** Prefixes slots and connectors: the application's name, and in a silo the tenant's too. */
export function replicationPrefix({ name, scope }: Pick<Application, "name" | "scope">): string {
  return scope?.model === "silo" ? tenantPrefix(name, scope.tenant.name) : name;
}

/** Where the outbox, the processed events and the functions over them lie: with the tables of a tenant's own schema. */
export function eventsSchema({ schema, scope }: Pick<Application, "schema" | "scope">): string {
  return scope?.model === "schema" && scope.tenant ? schema : "tenantry";
}

/** How a tenant's role is called among the endpoints' logins: `acme/app`. */
export function tenantLogin(tenant: string, role: string): string {
  return `${tenant}/${role}`;
}

/** A silo's database on the same servers. */
export function siloDatabase(database: string, tenant: string): string {
  return `${database}_${tenant}`;
}
