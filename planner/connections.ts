import { capacity } from "./capacity";
import type { Load } from "./load";
import type { Decide } from "./overrides";
import type { PlannedValues } from "./planned";
import { mostPooled, reservedConnections } from "./pool";
import type { Workload } from "./workload";

type Connections = Pick<PlannedValues, "pooling" | "poolSize" | "maxConnections">;

/** Plans the server connections of one database, and how the application's transactions share them. */
export function planConnections(workload: Workload, load: Load, memoryGiB: number, decide: Decide): Connections {
  const most = mostConnections(memoryGiB);
  const pooling = decide("pooling", {
    value: "transaction",
    unit: "",
    reason:
      "The tenant's context is set by SET LOCAL inside the transaction, so a connection may serve another tenant next.",
    formula: "transaction",
    inputs: { "tenant context": "set_tenant() in the transaction" },
    less: "a server connection for every client, busy or idle",
  });
  const poolSize = decide("poolSize", {
    value: Math.min(mostPool(most), wantedPool(workload, load)),
    unit: "connections",
    reason:
      "Transactions in progress at the peak, by Little's law, and the room that the budget leaves; never more than the memory has room for.",
    formula:
      "max(20, (transactions + reads) * 3 (peak) * 0.01 s / utilisation), in tens; at most (memory / 4 / 10 MiB - 50) / 1.5",
    inputs: {
      "busy at the peak": Math.ceil(busyConnections(workload, load)),
      utilisation: load.utilisation,
      "memory in GiB": memoryGiB,
    },
    less: "clients wait for a connection at the peak",
    more: "more memory, about 10 MiB a connection",
  });
  const maxConnections = decide("maxConnections", {
    value: Math.max(100, 50 * Math.ceil((mostPooled(poolSize.value) + reservedConnections) / 50)),
    unit: "connections",
    reason:
      "The pool, half of it again while its pods are replaced, and 50 for connectors, standbys, rebalancing and people; a worker takes as many from the coordinator.",
    formula: "max(100, poolSize * 1.5 + 50), in fifties",
    inputs: { poolSize: poolSize.value },
    less: "PgBouncer gets fewer connections than planned, and clients wait at the peak",
    more: "more memory, about 10 MiB a connection",
  });
  return { pooling, poolSize, maxConnections };
}

/** Transactions in progress at the peak, by Little's law. */
export function busyConnections({ reads }: Workload, load: Load): number {
  return (load.transactions + reads * load.part) * capacity.peak * capacity.secondsPerTransaction;
}

/** The pool that the peak needs, rounded up to tens. */
function wantedPool(workload: Workload, load: Load): number {
  return Math.max(20, 10 * Math.ceil(busyConnections(workload, load) / load.utilisation / 10));
}

/** Memory of a node, in GiB, of which a quarter is enough for all connections that the peak needs. */
export function memoryForConnections(workload: Workload, load: Load): number {
  const connections = mostPooled(wantedPool(workload, load)) + reservedConnections;
  return (4 * connections * capacity.connectionMiB) / 1024;
}

/** The connections that fit into a quarter of a node's memory. */
function mostConnections(memoryGiB: number): number {
  return Math.floor((memoryGiB * 1024) / 4 / capacity.connectionMiB);
}

/** The largest pool, in tens, that leaves room for the other connections. */
function mostPool(most: number): number {
  return Math.max(20, 10 * Math.floor((most - reservedConnections) / 1.5 / 10));
}
