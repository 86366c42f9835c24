/** What set-up installs, pinned: each is the newest that is known to work with the others. */
export const versions = {
  /** Also the version of `@pulumi/pulumi` in package.json. */
  pulumi: "3.230.0",
  kafka: "4.3.1",
  debezium: "3.7.0.Final",
  /** Of tenantry's own connector: part of the image's name, so it is raised with each change. */
  outboxConnector: "2",
} as const;

/** PostgreSQL's major versions that are accepted, the preferred one first. */
export const postgresMajors = [17, 16, 15] as const;
