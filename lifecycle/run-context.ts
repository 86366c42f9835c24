import type { Client } from "pg";
import type { PostgresEndpoint } from "../architecture/endpoints";
import type { Store } from "../store/store";

/** What the steps of a run act with. */
export interface RunContext {
  readonly endpoint: PostgresEndpoint;
  /** The session that holds the lock. */
  readonly client: Client;
  readonly store: Store;
  /** For temporary files; removed behind the run. */
  readonly folder: string;
  readonly log: (line: string) => void;
  /** @default a file's usual size */
  readonly fileBytes?: number;
}
