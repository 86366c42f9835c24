import { capacity, gib, leastMemoryGiB, memoryPerCore, nodeLimit, powerOfTwo, volume } from "./capacity";
import { type Load, seconds, transactionsPerNode } from "./load";
import type { Decide } from "./overrides";
import type { PlannedValues, PlanValues } from "./planned";
import type { Workload } from "./workload";

type Log = Pick<PlannedValues, "maxWalSize" | "maxSlotWalKeepSize">;
type Workers = Pick<PlannedValues, "workers" | "workerCores" | "workerMemory" | "workerStorage">;
type Coordinator = Pick<PlannedValues, "coordinatorCores" | "coordinatorMemory" | "coordinatorStorage">;
type Safety = Pick<PlannedValues, "replicas" | "synchronousMode">;

/** Cores of a node, before overrides: enough for half of the load, and for the largest tenant, which can't be split. */
export function coresPerNode(load: Load): number {
  const half = Math.min(nodeLimit.cores, powerOfTwo(load.cores / 2, 2));
  return Math.max(half, powerOfTwo(load.cores * load.largest, 2));
}

/** Seconds between timed checkpoints. PostgreSQL writes fewer full-page images than with its default of 5 minutes. */
export const checkpointSeconds = 900;
/** The part of `checkpointSeconds` over which a checkpoint is written. */
export const checkpointTarget = 0.9;

/** Plans the WAL that a node keeps between checkpoints, and for a slot without a reader. */
export function planLog(workload: Workload, load: Load, cores: number, decide: Decide): Log {
  const rate = transactionsPerNode(load, cores) * load.walBytes;
  const outage = seconds(workload.outage);
  const inputs = { "log a second": `${Math.ceil(rate / 1024)} KiB`, "outage in hours": outage / 3_600 };
  return {
    maxWalSize: decide("maxWalSize", {
      value: powerOfTwo((rate * capacity.peak * checkpointSeconds * (1 + checkpointTarget)) / gib, 2),
      unit: "GiB",
      reason: "Checkpoints come by the clock, every 15 minutes, and not because the log is full.",
      formula:
        "2^n >= log a second * 3 (peak) * 900 s * 1.9 (the next begins before the last one's log is freed), at least 2",
      inputs,
      less: "checkpoints come more often, and full-page images swell the log",
      more: "recovery after a crash takes longer",
    }),
    maxSlotWalKeepSize: decide("maxSlotWalKeepSize", {
      value: volume((rate * outage) / gib, 4),
      unit: "GiB",
      reason: "A slot survives its reader's absence for the whole outage, and never fills the disk.",
      formula: "log a second * outage, rounded up, at least 4",
      inputs,
      less: "a shorter absence of Kafka or Connect invalidates the slot: events must be recovered by a snapshot",
      more: "more disk is kept for the log on every node",
    }),
  };
}

/** The inputs of a node's size, beside the load. */
interface NodeNeeds {
  readonly model: PlanValues["model"];
  readonly delivery: PlanValues["delivery"];
  /** The WAL that slots may hold. */
  readonly keepGiB: number;
  /** Memory of which a quarter is enough for the connections, in GiB. */
  readonly connectionsGiB: number;
}

/**
 * Plans the workers of one database. Their number follows from cores, storage or the connectors' speed, whichever needs
 * most.
 */
export function planWorkers(
  load: Load,
  { model, delivery, keepGiB, connectionsGiB }: NodeNeeds,
  decide: Decide,
): Workers {
  const storage = (load.transactions * load.storedBytes) / gib / 0.7;
  const perConnector =
    load.rates[delivery === "exactly-once" ? "eventsExactlyOnce" : "eventsAtLeastOnce"] * load.utilisation;
  const byCores = Math.ceil(load.cores / nodeLimit.cores);
  const byStorage = Math.ceil(storage / nodeLimit.dataGiB);
  const byEvents = Math.ceil((load.events * capacity.peak) / perConnector);
  const silo = model === "silo";
  const most = Math.max(byCores, byStorage, byEvents);
  const workers = decide("workers", {
    value: silo ? 0 : Math.max(2, most),
    unit: silo ? "workers a silo" : "workers",
    reason: silo
      ? "A silo holds one tenant, whose rows lie on one node: workers would stay empty."
      : most <= 2
        ? "Two workers: one can be drained while the other serves."
        : `${most === byCores ? "Cores decide" : most === byStorage ? "Storage decides" : "The connectors' speed decides"}: a node beyond ${nodeLimit.cores} cores or ${nodeLimit.dataGiB / 1024} TiB of rows takes too long to move or restore.`,
    formula: silo ? "0" : "max(2, by cores, by storage, by events)",
    inputs: {
      "cores in all": round(load.cores),
      "GiB in all": round(storage),
      "by cores": byCores,
      "by storage": byStorage,
      "by events": byEvents,
    },
    less: (value) => `the peak ${used(load, value * coresPerNode(load))}, and less is left for a failure`,
    more: "money, and more connections between nodes",
  });
  const cores = coresPerNode(load);
  const workerCores = decide("workerCores", {
    value: cores,
    unit: "cores",
    reason: silo
      ? "As the silo's coordinator, should its tenant outgrow one node."
      : load.cores * load.largest > nodeLimit.cores
        ? "The largest tenant can't be cut in two: every worker must be able to hold it."
        : "Half of the load, so that the plan grows by workers once a node is full.",
    formula: "max(min(16, 2^n >= cores in all / 2), 2^n >= cores in all * largest share), at least 2",
    inputs: { "cores in all": round(load.cores), "largest share": load.largest, utilisation: load.utilisation },
    less: (value) => `the peak ${used(load, value * Math.max(1, workers.value))}`,
  });
  const needs = { connections: connectionsGiB, cached: cachedGiB(load, cores) };
  const workerMemory = decide("workerMemory", memory(workerCores.value, needs));
  const data = (transactionsPerNode(load, cores) * load.storedBytes) / gib / 0.7;
  const mostData = Math.max(nodeLimit.dataGiB, storage * load.largest);
  const workerStorage = decide("workerStorage", {
    value: volume(Math.min(data, mostData) + keepGiB, 32),
    unit: "GiB",
    reason: "Rows of the hot and the warm tier, the outbox and the log that slots may hold, a third free.",
    formula: "data a node / 0.7 + max_slot_wal_keep_size, rounded up, at least 32",
    inputs: { "data a node in GiB": round(data * 0.7), "slot log in GiB": keepGiB },
    less: "the disk is full before the retention has passed",
    more: "only money; a volume can never shrink",
  });
  return { workers, workerCores, workerMemory, workerStorage };
}

/** Plans the coordinator. It routes queries; in a silo, which has no workers, it also holds all rows. */
export function planCoordinator(
  load: Load,
  { model, keepGiB, connectionsGiB }: NodeNeeds,
  workerStorage: number,
  decide: Decide,
): Coordinator {
  const alone = model === "silo";
  const cores = decide("coordinatorCores", {
    value: alone ? coresPerNode(load) : Math.min(nodeLimit.cores, powerOfTwo(load.cores / 4, 2)),
    unit: "cores",
    reason: alone
      ? "A silo's node holds the tenant's data; every one is sized for the largest tenant."
      : "It routes and holds no shard: a quarter of the workers' cores.",
    formula: alone ? "2^n >= the largest tenant's cores" : "2^n >= cores in all / 4, from 2 to 16",
    inputs: { "cores in all": round(load.cores) },
    less: "planning and routing queue before the workers are busy",
  });
  const needs = { connections: connectionsGiB, cached: alone ? cachedGiB(load, coresPerNode(load)) : 0 };
  return {
    coordinatorCores: cores,
    coordinatorMemory: decide("coordinatorMemory", memory(cores.value, needs)),
    coordinatorStorage: decide("coordinatorStorage", {
      value: alone ? workerStorage : volume(16 + keepGiB, 32),
      unit: "GiB",
      reason: alone ? "As a worker's: it holds the rows." : "Catalogs, reference tables and its log.",
      formula: alone ? "as workerStorage" : "16 + max_slot_wal_keep_size, rounded up, at least 32",
      inputs: { "slot log in GiB": keepGiB },
      less: "a slot that nobody reads fills the disk",
      more: "only money; a volume can never shrink",
    }),
  };
}

/** Rows and indexes of one node that stay in the cache, in GiB. */
export function cachedGiB(load: Load, cores: number): number {
  return (transactionsPerNode(load, cores) * load.cachedBytes) / gib;
}

/** Memory for the connections and the cached rows, within the sizes that are sold for this number of cores. */
function memory(cores: number, needs: { readonly connections: number; readonly cached: number }) {
  const { least, most } = memoryPerCore;
  const need = Math.max(needs.connections, 2 * needs.cached);
  return {
    value: Math.max(leastMemoryGiB, least * cores, Math.min(most * cores, powerOfTwo(need, 1))),
    unit: "GiB",
    reason:
      needs.cached > 0
        ? "Half for what is read again and again (a quarter shared_buffers, a quarter the system's cache), a quarter for connections, the rest for sorting."
        : "It holds no rows: a quarter for connections, the rest for planning and for results on their way.",
    formula: "2^n >= max(connections' need, 2 * cached rows), from 2 to 8 a core, at least 8",
    inputs: { cores, "connections' need in GiB": round(needs.connections), "cached rows in GiB": round(needs.cached) },
    less: "what is read again and again leaves the cache, and reads wait for the disk; or the pool becomes smaller",
    more: "money",
  };
}

/** Plans the pods of each node, and if a commit waits for a standby. */
export function planSafety({ availability, consistency }: Workload, decide: Decide): Safety {
  const strong = consistency === "strong";
  const planned = { none: 1, zone: strong ? 3 : 2 }[availability];
  const inputs = { availability, consistency };
  const replicas = decide("replicas", {
    value: planned,
    unit: "pods a node",
    reason: {
      none: "Nothing has to survive a failure: a node is restored from its backup.",
      zone: strong
        ? "One may be away, failed or replaced, and every commit still waits for a standby; while two are, commits wait."
        : "A standby in another zone takes over.",
    }[availability],
    formula: "none: 1; zone: 2, strong 3",
    inputs,
    less: "fewer failures are survived: with one pod, the node's data is away until it is restored",
  });
  const value = !strong || replicas.value < 2 ? "off" : replicas.value > 2 ? "strict" : "on";
  const synchronousMode = decide("synchronousMode", {
    value,
    unit: "",
    reason: {
      off: strong
        ? "There is no standby to wait for."
        : `With ${consistency} consistency, a failover may lose the last commits.`,
      on: "A commit waits for the standby, as long as there is one.",
      strict: "A commit waits for a standby, and rather waits longer than goes unprotected.",
    }[value],
    formula: "strong and pods > 2: strict; strong and pods = 2: on; else off",
    inputs: { ...inputs, pods: replicas.value },
    less: "off: a failover loses acknowledged commits; strict: writes stop while no standby is there",
  });
  return { replicas, synchronousMode };
}

/** The part of these cores that the peak needs, as a phrase. */
function used(load: Load, cores: number): string {
  if (cores === 0) return "finds no worker: the coordinator holds every shard";
  const percent = Math.round((100 * load.cores * load.utilisation) / cores);
  return percent > 100
    ? `needs ${percent} % of the workers' cores: it does not fit`
    : `takes ${percent} % of the workers' cores`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
