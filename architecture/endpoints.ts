import { z } from "zod";
import { type Address, formatAddress } from "../common/address";

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
  /**
   * Where this machine reaches a server that goes by another name: addresses by `HOST:PORT`. The certificate is still
   * held against the server's own name. @default each server is reached by its name
   */
  readonly addresses?: Readonly<Record<string, Address>>;
}

/** Where a server is reached from here. */
export function addressOf({ host, port, addresses }: Pick<PostgresEndpoint, "host" | "port" | "addresses">): Address {
  return addresses?.[formatAddress({ host, port })] ?? { host, port };
}

export interface KafkaEndpoint {
  readonly bootstrapServers: readonly string[];
  /** @default where a login or an authority is given; without, what is sent is not encrypted */
  readonly tls?: boolean;
  /** PEM of the authority that signed the brokers' certificates. @default the system's authorities */
  readonly ca?: string;
  /** Where brokers ask for a login. @default none */
  readonly user?: string;
  readonly password?: string;
  /** @default "scram-sha-512" */
  readonly mechanism?: KafkaMechanism;
}

/** Whether what is sent to Kafka is encrypted. */
export function encrypts({ tls, ca, user }: KafkaEndpoint): boolean {
  return tls ?? (ca !== undefined || user !== undefined);
}

const kafkaMechanisms = ["scram-sha-512", "scram-sha-256", "plain"] as const;
export type KafkaMechanism = (typeof kafkaMechanisms)[number];

export interface ConnectEndpoint {
  /** Base of the REST interface, without a slash at the end. */
  readonly url: string;
  /**
   * What a connector's configuration says in place of the password of the role `cdc`, such as
   * `${file:/run/secrets/connect.properties:cdc}`: Connect's REST interface shows configurations to anybody.
   */
  readonly databasePassword: string;
  /** Where Connect asks for a login (basic authentication). @default none */
  readonly user?: string;
  readonly password?: string;
}

/** Stands in a preview for what only running servers can tell. */
export const unknownYet = "[known once the servers run]";

/** Where the servers are, whoever runs them: all that comes after is the same code. */
export interface Endpoints {
  readonly postgres: PostgresEndpoint;
  readonly kafka: KafkaEndpoint;
  readonly connect: ConnectEndpoint;
}

const port = z.int("a port from 1 to 65535").min(1, "a port from 1 to 65535").max(65_535, "a port from 1 to 65535");
const text = z.string("a text").min(1, "a text");
const login = z.strictObject({ user: text, password: text }, "an object with `user` and `password`");

const postgres = z
  .strictObject(
    {
      host: text,
      port: port.default(5432),
      database: text,
      user: text,
      password: text,
      sslmode: z.enum(["disable", "require", "verify-full"], "disable, require or verify-full").default("verify-full"),
      ca: text.exactOptional(),
      nodes: z
        .array(z.strictObject({ name: text, host: text, port }))
        .min(1, "at least one node")
        .optional(),
      roles: z.record(text, login, "logins by role, and one for `cdc`").default({}),
      addresses: z.record(text, z.strictObject({ host: text, port }), "addresses by `HOST:PORT`").exactOptional(),
    },
    "an object with `host`, `database`, `user` and `password`",
  )
  .transform(
    (endpoint): PostgresEndpoint => ({
      ...endpoint,
      nodes: endpoint.nodes ?? [{ name: "coordinator", host: endpoint.host, port: endpoint.port }],
    }),
  );

const kafka = z
  .strictObject(
    {
      bootstrapServers: z.array(z.string().regex(/^[^:\s]+:\d+$/, "`host:port`")).min(1, "at least one `host:port`"),
      tls: z.boolean("true or false").exactOptional(),
      ca: text.exactOptional(),
      user: text.exactOptional(),
      password: text.exactOptional(),
      mechanism: z.enum(kafkaMechanisms, "scram-sha-512, scram-sha-256 or plain").exactOptional(),
    },
    "an object with `bootstrapServers`",
  )
  .superRefine(({ user, password }, context) => {
    if ((user === undefined) === (password === undefined)) return;
    const message = "`user` and `password` together, or neither";
    context.addIssue({ code: "custom", path: [user === undefined ? "user" : "password"], message });
  });

const url = "an address such as `http://connect:8083`, without a slash at the end";

/** Endpoints as a stack file or a file of endpoints has them. `nodes` defaults to the one server. */
export const endpointsSchema = z.strictObject(
  {
    postgres,
    kafka,
    connect: z.strictObject(
      {
        url: z.string(url).regex(/^https?:\/\/[^\s/]+(\/[^\s]*[^\s/])?$/, url),
        databasePassword: z
          .string()
          .regex(
            /^\$\{[^}]+\}$/,
            "a reference such as `${file:/run/secrets/connect.properties:cdc}`, never the password",
          ),
        user: text.exactOptional(),
        password: text.exactOptional(),
      },
      "an object with `url` and `databasePassword`",
    ),
  },
  "an object with `postgres`, `kafka` and `connect`",
);
