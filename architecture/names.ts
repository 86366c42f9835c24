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
