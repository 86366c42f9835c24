import { type Problem, refuseIfAny } from "../../common/problem";
import type { Size } from "../../common/size";
import { citusImage, standardNode } from "../../settings/kubernetes-settings";
import { type LeastSize, type NodeSize, sizeProblems } from "../../settings/pod-size";
import type { Filled } from "../filled";

/** The options of a Citus cluster. All are plain values because each of them shapes the resource graph. */
export interface CitusOptions {
  readonly namespace: string;
  /** The distributed database. */
  readonly database: string;
  /** Nodes that hold shards; the coordinator holds none. */
  readonly workers: number;
  /** `strong`: a commit waits for a standby. `bounded`: standbys may lag. `eventual`: no standby is needed. @default "strong" */
  readonly consistency?: "strong" | "bounded" | "eventual";
  /** Pods of each node, including the primary. @default 2, or 1 if consistency is `eventual` */
  readonly replicas?: number | undefined;
  /** @default 2 cores, 8 GiB of memory, 100 GiB of storage */
  readonly coordinator?: NodeSize;
  /** @default 2 cores, 8 GiB of memory, 100 GiB of storage */
  readonly worker?: NodeSize;
  /** Patroni's synchronous mode: `on` and `strict` make a commit wait for a standby. @default depends on consistency and replicas: see planCitus */
  readonly synchronousMode?: "off" | "on" | "strict" | undefined;
  /** Limit for the coordinator's clients, and for its connections to each worker. @default 200 */
  readonly maxConnections?: number | undefined;
  /** @default a tenth of the volume */
  readonly maxWalSize?: Size | undefined;
  /** @default a quarter of the volume */
  readonly maxSlotWalKeepSize?: Size | undefined;
  /** @default the cluster's default class */
  readonly storageClass?: string | undefined;
  /** PostgreSQL 17, Citus, pg_partman and Patroni. @default the image that `images/citus` builds */
  readonly image?: string;
  /** `required`: no two pods of a node on one machine. @default "required" */
  readonly spread?: "required" | "preferred";
  /** Roles that applications log in with, at the coordinator. @default none */
  readonly applicationRoles?: readonly string[];
  /** Roles that read the change stream, at every node. @default none */
  readonly replicationRoles?: readonly string[];
  /** Protects volumes and keys from deletion. @default true */
  readonly protect?: boolean;
  /** Names of the nodes that are about to leave; their volumes are no longer protected. @default none */
  readonly leaving?: readonly string[];
  /** Raising it by one replaces all passwords and the nodes' certificate. @default 1 */
  readonly rotation?: number;
  /** Runs an exporter for Prometheus beside PostgreSQL in each pod. @default false */
  readonly monitoring?: boolean;
}

type OptionalPart = "storageClass" | "maxWalSize" | "maxSlotWalKeepSize";

/** A cluster's valid options with every default filled in. */
export interface CitusPlan extends Filled<Omit<CitusOptions, OptionalPart>> {
  readonly name: string;
  readonly storageClass: string | undefined;
  readonly maxWalSize: Size | undefined;
  readonly maxSlotWalKeepSize: Size | undefined;
}

const GiB = 2 ** 30;
const leastSize: LeastSize = {
  memory: { bytes: GiB / 2 },
  storage: { bytes: GiB },
  holds: "the database and its write-ahead log",
};

/** Fills in the defaults. Throws Problems with everything that is invalid. */
export function planCitus(name: string, options: CitusOptions): CitusPlan {
  const consistency = options.consistency ?? "strong";
  const replicas = options.replicas ?? (consistency === "eventual" ? 1 : 2);
  const plan: CitusPlan = {
    name,
    namespace: options.namespace,
    database: options.database,
    workers: options.workers,
    consistency,
    replicas,
    // With more than one standby, a commit waits for a standby instead of continuing without one.
    synchronousMode: options.synchronousMode ?? (consistency !== "strong" ? "off" : replicas > 2 ? "strict" : "on"),
    maxConnections: options.maxConnections ?? 200,
    maxWalSize: options.maxWalSize,
    maxSlotWalKeepSize: options.maxSlotWalKeepSize,
    coordinator: options.coordinator ?? standardNode,
    worker: options.worker ?? standardNode,
    storageClass: options.storageClass,
    image: options.image ?? citusImage,
    spread: options.spread ?? "required",
    applicationRoles: options.applicationRoles ?? [],
    replicationRoles: options.replicationRoles ?? [],
    protect: options.protect ?? true,
    leaving: options.leaving ?? [],
    rotation: options.rotation ?? 1,
    monitoring: options.monitoring ?? false,
  };
  refuseIfAny(problemsOf(plan));
  return plan;
}

function problemsOf(plan: CitusPlan): Problem[] {
  const { name, workers, replicas, consistency } = plan;
  const problems: Problem[] = [];
  if (!Number.isInteger(workers) || workers < 1) {
    problems.push({
      what: `Citus cluster \`${name}\` has nowhere to put shards`,
      got: `workers: ${workers}`,
      expected: "at least 1",
      fix: "Set `workers` to 1 or more; the coordinator holds no shards",
    });
  }
  // A plan may state that no data has to survive a failure.
  const least = consistency === "eventual" || plan.synchronousMode === "off" ? 1 : 2;
  if (!Number.isInteger(replicas) || replicas < least) {
    problems.push({
      what: `Consistency \`${consistency}\` needs ${least === 1 ? "a pod" : "a standby"} for each node of \`${name}\``,
      got: `replicas: ${replicas}`,
      expected: `at least ${least}`,
      fix: least === 1 ? "Set `replicas` to 1 or more" : "Set `replicas` to 2 or more, or consistency to `eventual`",
    });
  }
  problems.push(
    ...sizeProblems("coordinator", plan.coordinator, leastSize),
    ...sizeProblems("worker", plan.worker, leastSize),
  );
  return problems;
}
