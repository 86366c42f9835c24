import { z } from "zod";
import { type NodeSize, nodeSize, size, type WorkerSize, wholeNumber, workerSize } from "./pod-size";

/** The Kafka cluster of a stack that is provisioned on Kubernetes. */
export interface KafkaServers {
  /**
   * `chart` installs Strimzi's operator with the stack; `existing` uses an operator that watches the namespace already.
   * @default "chart"
   */
  readonly operator: "chart" | "existing";
  /** @default 3, and 1 where consistency is `eventual` */
  readonly brokers?: number;
  /**
   * Pods that keep the metadata; with 0, the brokers keep it. @default 3; where consistency is `eventual`, 1, and 0
   * beside a single broker
   */
  readonly controllers?: number;
  /** Size of a broker; the volume may be left out. @default 100 GiB for the volume */
  readonly broker: WorkerSize & Partial<NodeSize>;
  readonly controller: NodeSize;
  /** Copies of each partition. @default as many as there are brokers, 3 at most */
  readonly replication?: number;
  /** Copies that must be written before a record counts as acknowledged. @default one less than `replication` */
  readonly minInSync?: number;
  /** The node label over whose values copies are spread; every machine must have it. */
  readonly rack: string;
}

/** The workers of Kafka Connect. */
export interface ConnectServers extends WorkerSize {
  /** @default 2, and 1 where consistency is `eventual` */
  readonly replicas?: number;
  readonly image: string;
}

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** @default size of a broker */
export const brokerSize: NodeSize = { cpu: "2", memory: { bytes: 4 * GiB }, storage: { bytes: 100 * GiB } };
/** @default size of a controller */
export const controllerSize: NodeSize = { cpu: "500m", memory: { bytes: GiB }, storage: { bytes: 10 * GiB } };
/** @default size of a Connect worker */
export const connectSize: WorkerSize = { cpu: "1", memory: { bytes: 2048 * MiB } };
/** @default node label of racks */
export const zoneLabel = "topology.kubernetes.io/zone";
/** Versions of Kafka, Strimzi, Debezium and `outbox-connector`. @default the image that `images/connect` builds */
export const connectImage = "ghcr.io/tenantry/connect:4.3.1-1.2.0-3.7.0-2";

/** `tenantry:kubernetes.kafka` of a stack file. */
export const kafkaServersSchema = z.strictObject({
  operator: z.enum(["chart", "existing"], "chart or existing").default("chart"),
  brokers: wholeNumber(99).exactOptional(),
  controllers: wholeNumber(9, 0).exactOptional(),
  // Left optional, because a plan may set the volume, and then the stack must not.
  broker: workerSize(brokerSize).extend({ storage: size.exactOptional() }).prefault({}),
  controller: nodeSize(controllerSize).prefault({}),
  rack: z.string("a label of machines").min(1, "a label of machines").default(zoneLabel),
});

/** `tenantry:kubernetes.connect` of a stack file. */
export const connectServersSchema = workerSize(connectSize).extend({
  replicas: wholeNumber(99).exactOptional(),
  image: z.string().min(1).default(connectImage),
});
