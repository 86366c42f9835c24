import type { Client } from "pg";
import type { DataPlaneSettings } from "../../architecture/data-plane/data-plane-settings";
import type { PostgresEndpoint, PostgresNode } from "../../architecture/endpoints";
import type { Reader, Statement } from "./sql-statements";

/** The application's database, with every change under one advisory lock and one at a time. Connections open on first use. */
export interface Database {
  /** Where it is, and how to log in there. */
  readonly endpoint: PostgresEndpoint;
  /** The application's roles, by their names in PostgreSQL. */
  readonly roles: readonly string[];
  /** What this server offers, read once. Ends with Problems, all at once, if it or a node of it lacks what is required. */
  readonly facts: Promise<DatabaseFacts>;
  /** Reads without the lock. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Runs `work` in one transaction under the lock; rolls back if it throws. After a lock timeout, deadlock or
   * serialization failure the transaction is rolled back and `work` runs again, a few times: it reads before it acts.
   */
  transaction<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** The same for work that rests on a look in its transaction: the look travels along with the beginning. */
  change<Found, T>(
    look: (read: Reader) => Promise<Found>,
    work: (client: Client, found: Found) => Promise<T>,
  ): Promise<T>;
  /**
   * Brings about what `plan` finds missing, in one such transaction, and returns what a look finds then. The next change
   * begins behind the commit without waiting for its answer, so that the server is never idle while there is work.
   */
  settle<Found>(look: (read: Reader) => Promise<Found>, plan: (found: Found) => readonly Statement[]): Promise<Found>;
  /** Runs `work` under the lock, outside a transaction, for what PostgreSQL refuses inside one. Never repeated. */
  locked<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** The same for work that looks before it acts: runs again, a few times, where a server went away meanwhile. */
  resumed<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /**
   * Runs `work` on a connection to one node, under the lock. Never repeated.
   *
   * @param database on that node @default the same as here
   */
  onNode<T>(
    node: Pick<PostgresNode, "host" | "port">,
    work: (client: Client) => Promise<T>,
    database?: string,
  ): Promise<T>;
  /** Waits for the work in progress, then closes every connection. */
  close(): Promise<void>;
}

export interface DatabaseFacts {
  /** `server_version_num`, such as 150020. */
  readonly version: number;
  /** Citus' version, undefined on plain PostgreSQL. */
  readonly citus?: string;
  /** pg_partman's version, and the schema it lives in. */
  readonly partman?: { readonly version: string; readonly schema: string };
}

/** What a stack expects of its database. */
export interface Requirements {
  /** @default "auto" */
  readonly citus?: DataPlaneSettings["citus"];
  /** Roles that the platform makes, by their names in PostgreSQL. @default none */
  readonly roles?: readonly string[];
  /** Databases that are made on these servers; this one then holds no data. @default none */
  readonly databases?: readonly string[];
}
