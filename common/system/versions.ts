/** The versions that set-up installs, each the newest that works with the others. */
export const versions = {
  /** Also the version of `@pulumi/pulumi` in package.json. */
  pulumi: "3.248.0",
  kafka: "4.3.1",
  debezium: "3.7.0.Final",
  /** Also the version of `@duckdb/node-api` in package.json, and of DuckDB's extensions. */
  duckdb: "1.5.5",
  /** Version of tenantry's own connector. It is part of the image's name, so every change raises it. */
  outboxConnector: "2",
} as const;

/** The supported major versions of PostgreSQL, the preferred one first. */
export const postgresMajors = [17, 16, 15] as const;
