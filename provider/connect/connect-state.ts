export type ConnectorConfig = Readonly<Record<string, string>>;

/**
 * Kafka Connect's REST interface. Every call waits, up to a time limit, for a worker that starts or a group that
 * rebalances. All calls can be repeated.
 *
 * @throws Problems
 */
export interface Connect {
  /** Names of all connectors, in alphabetical order. */
  names(): Promise<readonly string[]>;
  /** Classes of the worker's plugins. */
  classes(): Promise<readonly string[]>;
  /** Validates the configuration with its plugin, `connector.class`. @throws Problems if the plugin isn't installed */
  validate(name: string, config: ConnectorConfig): Promise<Validation>;
  config(name: string): Promise<ConnectorConfig | undefined>;
  /** Creates or changes the connector. Validate first: Connect answers an invalid configuration with a server error. */
  put(name: string, config: ConnectorConfig): Promise<void>;
  status(name: string): Promise<ConnectorStatus | undefined>;
  /** Offsets by source partition. Empty if the connector has read nothing or does not exist. */
  offsets(name: string): Promise<readonly ConnectorOffset[]>;
  /** Ends the connector's tasks and keeps its configuration and offsets. */
  stop(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Restarts the connector and its tasks. */
  restart(name: string): Promise<void>;
  /**
   * Sets the offsets of a stopped connector. Connect checks nothing: pass only what the connector itself would store.
   */
  setOffset(name: string, offset: ConnectorOffset): Promise<void>;
  /** Only of a stopped connector. */
  deleteOffsets(name: string): Promise<void>;
  /** Deletes the connector and keeps its offsets: a new connector of this name continues there. */
  delete(name: string): Promise<void>;
}

export interface Validation {
  readonly errors: readonly { readonly key: string; readonly message: string }[];
  /** All keys that the plugin, its transforms, predicates, converters and the worker define for this configuration. */
  readonly known: readonly string[];
}

export interface ConnectorStatus {
  readonly connector: ConnectorState;
  readonly tasks: readonly {
    readonly id: number;
    readonly state: ConnectorState;
    readonly trace?: string | undefined;
  }[];
  /** Error of the connector itself, if it failed. */
  readonly trace?: string | undefined;
}

export const connectorStates = ["UNASSIGNED", "RUNNING", "PAUSED", "STOPPED", "FAILED", "RESTARTING"] as const;
export type ConnectorState = (typeof connectorStates)[number];

export interface ConnectorOffset {
  readonly partition: Readonly<Record<string, unknown>>;
  readonly offset: Readonly<Record<string, unknown>> | null;
}
