import type { Client } from "pg";
import type { DataPlaneSettings } from "../../architecture/data-plane/data-plane-settings";
import type { PostgresEndpoint, PostgresNode } from "../../architecture/endpoints";
import type { Reader, Statement } from "./sql-statements";

/** The application's database. Changes run one at a time under one advisory lock. Connections open on first use. */
export interface Database {
  /** Address and login. */
  readonly endpoint: PostgresEndpoint;
  /** The application's roles, by their names in PostgreSQL. */
  readonly roles: readonly string[];
  /**
   * Features of the server, read once. Rejects with all problems at once if the server or one of its nodes lacks a
   * required feature.
   */
  readonly facts: Promise<DatabaseFacts>;
  /** Reads without the lock. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Runs `work` in one transaction under the lock; rolls back if it throws. After a lock timeout, deadlock or
   * serialization failure the transaction is rolled back and `work` runs again, a few times: it reads before it acts.
   */
  transaction<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /**
   * Like `transaction`, for work that first reads in its transaction. The read travels in the same round trip as
   * BEGIN.
   */
  change<Found, T>(
    look: (read: Reader) => Promise<Found>,
    work: (client: Client, found: Found) => Promise<T>,
  ): Promise<T>;
  /**
   * Runs what `plan` finds missing, in one such transaction, and returns what it reads afterwards. The next change
   * starts behind the COMMIT without waiting for its answer, so the server is never idle while there is work.
   */
  settle<Found>(look: (read: Reader) => Promise<Found>, plan: (found: Found) => readonly Statement[]): Promise<Found>;
  /**
   * Runs `work` under the lock but outside a transaction, for statements that PostgreSQL refuses inside one. Never
   * repeats it.
   */
  locked<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /**
   * Like `locked`, for work that looks before it acts: it runs again, a few times, if a server went away
   * meanwhile.
   */
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
  /** Version and schema of pg_partman. */
  readonly partman?: { readonly version: string; readonly schema: string };
}

/** Requirements of a stack on its database. */
export interface Requirements {
  /** @default "auto" */
  readonly citus?: DataPlaneSettings["citus"];
  /** Roles that the platform makes, by their names in PostgreSQL. @default none */
  readonly roles?: readonly string[];
  /** Databases that the stack creates on these servers. This database then holds no data. @default none */
  readonly databases?: readonly string[];
}
