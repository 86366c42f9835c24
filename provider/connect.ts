/** Kafka Connect's REST interface. Every call retries while Connect starts or rebalances (refused, 404 of /health, 409), up to a time limit. */
export interface Connect {
  /** Plugins of kind source that are installed, by class. */
  plugins(): Promise<readonly { readonly class: string; readonly version: string }[]>;
  /** The plugin's own definitions of its keys. */
  definitions(pluginClass: string): Promise<readonly { readonly name: string; readonly required: boolean }[]>;
  /** Errors by key; empty when the plugin accepts the configuration. */
  validate(
    pluginClass: string,
    config: Readonly<Record<string, string>>,
  ): Promise<readonly { readonly key: string; readonly message: string }[]>;
  config(name: string): Promise<Readonly<Record<string, string>> | undefined>;
  put(name: string, config: Readonly<Record<string, string>>): Promise<void>;
  status(name: string): Promise<ConnectorStatus | undefined>;
  stop(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  deleteOffsets(name: string): Promise<void>;
  delete(name: string): Promise<void>;
}

export interface ConnectorStatus {
  readonly connector: ConnectorState;
  readonly tasks: readonly { readonly id: number; readonly state: ConnectorState; readonly trace?: string }[];
}

export type ConnectorState = "UNASSIGNED" | "RUNNING" | "PAUSED" | "STOPPED" | "FAILED" | "RESTARTING";
