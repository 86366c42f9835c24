export type ConnectorConfig = Readonly<Record<string, string>>;

/**
 * Kafka Connect's REST interface. Every call waits for a worker that starts or a group that rebalances, up to a time
 * limit, and ends with Problems. All of them can be repeated.
 */
export interface Connect {
  /** Of every connector, in alphabetical order. */
  names(): Promise<readonly string[]>;
  /** The classes of the plugins that the worker has. */
  classes(): Promise<readonly string[]>;
  /** What the plugin named by `connector.class` says of the configuration. Problems if it isn't installed. */
  validate(name: string, config: ConnectorConfig): Promise<Validation>;
  config(name: string): Promise<ConnectorConfig | undefined>;
  /** Creates the connector, or changes it. Validate first: an invalid configuration is answered with a server's fault. */
  put(name: string, config: ConnectorConfig): Promise<void>;
  status(name: string): Promise<ConnectorStatus | undefined>;
  /** How far the connector has read, by source partition; empty if it has read nothing, or isn't there. */
  offsets(name: string): Promise<readonly ConnectorOffset[]>;
  /** Ends the connector's tasks and keeps its configuration and offsets. */
  stop(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Restarts the connector and its tasks. */
  restart(name: string): Promise<void>;
  /** Only of a stopped connector. Connect takes anything: what it is set to must be what the connector itself would store. */
  setOffset(name: string, offset: ConnectorOffset): Promise<void>;
  /** Only of a stopped connector. */
  deleteOffsets(name: string): Promise<void>;
  /** Leaves the offsets: a connector made again under this name goes on where this one ended. */
  delete(name: string): Promise<void>;
}

export interface Validation {
  readonly errors: readonly { readonly key: string; readonly message: string }[];
  /** Every key that the plugin, its transforms, predicates, converters and the worker define for this configuration. */
  readonly known: readonly string[];
}

export interface ConnectorStatus {
  readonly connector: ConnectorState;
  readonly tasks: readonly {
    readonly id: number;
    readonly state: ConnectorState;
    readonly trace?: string | undefined;
  }[];
  /** Of the connector itself, where it failed. */
  readonly trace?: string | undefined;
}

export const connectorStates = ["UNASSIGNED", "RUNNING", "PAUSED", "STOPPED", "FAILED", "RESTARTING"] as const;
export type ConnectorState = (typeof connectorStates)[number];

export interface ConnectorOffset {
  readonly partition: Readonly<Record<string, unknown>>;
  readonly offset: Readonly<Record<string, unknown>> | null;
}
