import { mostPooled, reservedConnections } from "../pool";
import { capacity } from "./capacity";
import type { Load } from "./load";
import type { Decide } from "./overrides";
import type { PlannedValues } from "./planned";
import type { Workload } from "./workload";

type Connections = Pick<PlannedValues, "pooling" | "poolSize" | "maxConnections">;

/** Server connections of one database, and how the application's are put on them. */
export function planConnections(workload: Workload, load: Load, workers: number, decide: Decide): Connections {
  const busy = (load.transactions + workload.reads * load.part) * capacity.peak * capacity.secondsPerTransaction;
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
    value: Math.max(20, 10 * Math.ceil(busy / load.utilisation / 10)),
    unit: "connections",
    reason: "Transactions in progress at the peak, by Little's law, and the room that the budget leaves.",
    formula: "max(20, (transactions + reads) * 3 (peak) * 0.01 s / utilisation), in tens",
    inputs: { "busy at the peak": Math.ceil(busy), utilisation: load.utilisation },
    less: "clients wait for a connection at the peak",
    more: "more memory, about 10 MiB a connection",
  });
  const maxConnections = decide("maxConnections", {
    value: Math.max(100, 50 * Math.ceil((mostPooled(poolSize.value) + reservedConnections) / 50)),
    unit: "connections",
    reason:
      "The pool, half of it again while its pods are replaced, and 50 for connectors, standbys, rebalancing and people; a worker takes as many from the coordinator.",
    formula: "max(100, poolSize * 1.5 + 50), in fifties",
    inputs: { poolSize: poolSize.value, workers },
    less: "PgBouncer gets fewer connections than planned, and clients wait at the peak",
    more: "more memory, about 10 MiB a connection",
  });
  return { pooling, poolSize, maxConnections };
}
