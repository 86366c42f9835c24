import { z } from "zod";
import type { Size } from "../common/size";
import { type Access, accessSchema } from "./access";
import { type ConnectServers, connectServersSchema, type KafkaServers, kafkaServersSchema } from "./kafka-servers";
import { dnsLabel, flag, type NodeSize, nodeSize, wholeNumber } from "./pod-size";

/** Where and in which sizes a stack's servers are provisioned. */
export interface KubernetesSettings {
  /** The context of the kubeconfig. The stack always uses it, whichever context is current. */
  readonly context: string;
  /** The API server's address that the context must have. @default any */
  readonly server?: string;
  readonly namespace: string;
  /** Nodes that hold shards. */
  readonly workers: number;
  /** Pods for each node, including the primary. @default 2, and 1 where consistency is `eventual` */
  readonly replicas?: number;
  readonly coordinator: NodeSize;
  readonly worker: NodeSize;
  /**
   * `on`: a commit waits for a standby. `strict`: it also waits while there is no standby. @default by consistency and
   * replicas
   */
  readonly synchronousMode?: "off" | "on" | "strict";
  /** Limit of connections to the coordinator, and from the coordinator to a worker. @default 200 */
  readonly maxConnections?: number;
  /** How long a client of the pooler holds a server connection. @default "transaction" */
  readonly pooling?: "transaction" | "session";
  /** Server connections of all pooler pods together. @default two thirds of `maxConnections` less 50 */
  readonly poolSize?: number;
  /** WAL between two checkpoints. @default a tenth of the volume */
  readonly maxWalSize?: Size;
  /** WAL that a slot without a reader may hold. @default a quarter of the volume */
  readonly maxSlotWalKeepSize?: Size;
  /** @default the cluster's default class */
  readonly storageClass?: string;
  readonly image: string;
  /**
   * `required`: two pods of a node never run on one machine. `preferred`: they may if it can't be avoided.
   * @default "required"
   */
  readonly spread: "required" | "preferred";
  /** True if `pulumi destroy` can't delete volumes, keys and the namespace. @default true */
  readonly protect: boolean;
  /**
   * A note for people on who backs the volumes up, how often, and how long backups are kept; tenantry makes no backups.
   * `none: REASON` if nobody does. @default undeclared, which `tenantry lint` and the policies reject
   */
  readonly backups?: string;
  /** If raised by one, the next `up` replaces all passwords and the nodes' certificate. @default 1 */
  readonly rotation: number;
  /** How the program reaches the servers if it runs outside the cluster. @default by their names in the cluster */
  readonly access: Access;
  /** PgBouncer in front of the coordinator, for applications. @default true */
  readonly pooler: boolean;
  readonly kafka: KafkaServers;
  readonly connect: ConnectServers;
  /** Metrics, alerts and a dashboard for an existing Prometheus operator and Grafana. @default none */
  readonly monitoring?: MonitoringSettings | undefined;
}

export interface MonitoringSettings {
  /** Labels by which the Prometheus operator selects its resources, such as `release: prometheus`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** @default the image that `images/citus` builds */
export const citusImage = "ghcr.io/tenantry/citus:17-13.2";

/** @default size of a database pod */
export const standardNode: NodeSize = {
  cpu: "2",
  memory: { bytes: 8 * 2 ** 30 },
  storage: { bytes: 100 * 2 ** 30 },
};

const monitoring = z
  .union(
    [flag, z.strictObject({ labels: z.record(z.string(), z.string()).default({}) })],
    "true, false, or `{ labels: { release: prometheus } }`",
  )
  .transform((value): MonitoringSettings | undefined => (value === true ? { labels: {} } : value || undefined));

const keys = z.strictObject(
  {
    context: z.string("a context of the kubeconfig").min(1, "a context of the kubeconfig"),
    server: z
      .string()
      .regex(/^https:\/\//, "an address such as `https://10.0.0.1:6443`")
      .exactOptional(),
    namespace: dnsLabel,
    workers: wholeNumber(64).exactOptional(),
    replicas: wholeNumber(9).exactOptional(),
    coordinator: nodeSize(standardNode).exactOptional(),
    worker: nodeSize(standardNode).exactOptional(),
    storageClass: z.string().min(1).exactOptional(),
    image: z.string().min(1).default(citusImage),
    spread: z.enum(["required", "preferred"], "required or preferred").default("required"),
    protect: flag.default(true),
    backups: z
      .string("who makes backups, or `none: REASON`")
      .min(1, "who makes backups, or `none: REASON`")
      .exactOptional(),
    rotation: wholeNumber(9999).default(1),
    access: accessSchema.default({ by: "cluster" }),
    pooler: flag.default(true),
    kafka: kafkaServersSchema.prefault({}),
    connect: connectServersSchema.prefault({}),
    monitoring: monitoring.exactOptional(),
  },
  "an object with `context` and `namespace`",
);

/** `tenantry:kubernetes` of a stack file. */
export const kubernetesSchema = keys.superRefine(({ access, workers }, context) => {
  if (access.by !== "addresses" || workers === undefined || access.workers.length === workers) return;
  const message = `an address for each of the ${workers} workers`;
  context.addIssue({ code: "custom", path: ["access", "addresses", "workers"], message });
});
