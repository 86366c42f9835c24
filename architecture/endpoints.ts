/** A database node that holds shards. On plain PostgreSQL the one server, named `coordinator`. */
export interface PostgresNode {
  /** `coordinator`, or `worker_1` and on: part of slot and connector names, so it never changes. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** A role that logs in. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface PostgresEndpoint extends Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** @default "verify-full" for external stacks; the embedded servers say "disable", as they listen on loopback only. */
  readonly sslmode: "disable" | "require" | "verify-full";
  /** PEM of the authority that signed the server's certificate. @default the system's authorities */
  readonly ca?: string;
  /** Every node that holds shards, the coordinator only if it does. */
  readonly nodes: readonly PostgresNode[];
  /** Logins of the application's roles by the names in `architecture.yaml`, and `cdc`. */
  readonly roles: Readonly<Record<string, Login>>;
}

export interface KafkaEndpoint {
  readonly bootstrapServers: readonly string[];
}

export interface ConnectEndpoint {
  /** Base of the REST interface, without a slash at the end. */
  readonly url: string;
  /**
   * What a connector's configuration says in place of the password of the role `cdc`, such as
   * `${file:/run/secrets/connect.properties:cdc}`: Connect's REST interface shows configurations to anybody.
   */
  readonly databasePassword: string;
}

/** Where the servers are, whoever runs them: all that comes after is the same code. */
export interface Endpoints {
  readonly postgres: PostgresEndpoint;
  readonly kafka: KafkaEndpoint;
  readonly connect: ConnectEndpoint;
}
