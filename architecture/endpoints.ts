import { z } from "zod";
import { type Address, formatAddress } from "../common/address";

/** A database node that holds shards. Plain PostgreSQL has one, named `coordinator`. */
export interface PostgresNode {
  /** `coordinator`, or `worker_1` and so on. It is part of slot and connector names, so it never changes. */
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
  /** @default "verify-full" for external stacks; "disable" for the embedded servers, which listen on loopback only */
  readonly sslmode: "disable" | "require" | "verify-full";
  /** PEM of the authority that signed the server's certificate. @default the system's authorities */
  readonly ca?: string;
  /** Every node that holds shards; the coordinator only if it does. */
  readonly nodes: readonly PostgresNode[];
  /** Logins of the application's roles, by their names in `architecture.yaml`, and of `cdc`. */
  readonly roles: Readonly<Record<string, Login>>;
  /**
   * Addresses by `HOST:PORT`, for servers that this machine reaches under another address. The certificate must still
   * match the server's own name. @default each server is reached by its name
   */
  readonly addresses?: Readonly<Record<string, Address>>;
}

/** The address under which this machine reaches a server. */
export function addressOf({ host, port, addresses }: Pick<PostgresEndpoint, "host" | "port" | "addresses">): Address {
  return addresses?.[formatAddress({ host, port })] ?? { host, port };
}

export interface KafkaEndpoint {
  readonly bootstrapServers: readonly string[];
  /** True if the connection is encrypted. @default true if a login or an authority is given */
  readonly tls?: boolean;
  /** PEM of the authority that signed the brokers' certificates. @default the system's authorities */
  readonly ca?: string;
  /** The user, if brokers require a login. @default none */
  readonly user?: string;
  readonly password?: string;
  /** @default "scram-sha-512" */
  readonly mechanism?: KafkaMechanism;
}

/** True if the connection to Kafka is encrypted. */
export function encrypts({ tls, ca, user }: KafkaEndpoint): boolean {
  return tls ?? (ca !== undefined || user !== undefined);
}

const kafkaMechanisms = ["scram-sha-512", "scram-sha-256", "plain"] as const;
type KafkaMechanism = (typeof kafkaMechanisms)[number];

export interface ConnectEndpoint {
  /** Base of the REST interface, without a slash at the end. */
  readonly url: string;
  /**
   * The reference that connectors' configurations hold in place of the password of the role `cdc`, such as
   * `${file:/run/secrets/connect.properties:cdc}`, because Connect's REST interface shows configurations to anybody.
   */
  readonly databasePassword: string;
  /** The user, if Connect requires a login (basic authentication). @default none */
  readonly user?: string;
  readonly password?: string;
}

/** Placeholder in a preview for values that are known only once the servers run. */
export const unknownYet = "[known once the servers run]";

/** Addresses and logins of the servers, whoever runs them. All code after this is the same for all platforms. */
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

/** Schema of endpoints in a stack file or a file of endpoints. `nodes` defaults to the one server. */
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
