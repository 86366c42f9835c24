import type { Client } from "pg";
import type { PostgresNode } from "../architecture/endpoints";

/** One piece of SQL to run. Values travel as parameters wherever PostgreSQL takes them; identifiers are quoted. */
export interface Statement {
  readonly sql: string;
  readonly values?: readonly unknown[];
}

/** The application's database, with every change under one advisory lock and one at a time. */
export interface Database {
  /** What this server offers, read once. */
  readonly facts: Promise<DatabaseFacts>;
  /** Reads without the lock. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs `work` in one transaction under the lock; rolls back if it throws. */
  transaction<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Runs `work` under the lock, outside a transaction, for what PostgreSQL refuses inside one. */
  locked<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Runs `work` on a connection to one node, under the lock. */
  onNode<T>(node: PostgresNode, work: (client: Client) => Promise<T>): Promise<T>;
}

export interface DatabaseFacts {
  /** `server_version_num`, such as 150020. */
  readonly version: number;
  /** Citus' version, undefined on plain PostgreSQL. */
  readonly citus?: string;
  /** pg_partman's version, and the schema it lives in. */
  readonly partman?: { readonly version: string; readonly schema: string };
}
