/** Shares the connections that the coordinator accepts between PgBouncer's pods and all other clients. */

/** Connections for connectors, standbys, other nodes, `pulumi up` and people. */
export const reservedConnections = 50;

/** @default number of pooler pods */
export const poolerPods = 2;

/** Connections that the pods hold together during a rolling update, when there is one pod more. */
export function mostPooled(poolSize: number, pods = poolerPods): number {
  return Math.ceil(poolSize / pods) * (pods + 1);
}

/** Server connections of one pod: its share of the pool, or less if the coordinator has fewer connections to give. */
export function connectionsOfPod(
  maxConnections: number,
  poolSize = Number.POSITIVE_INFINITY,
  pods = poolerPods,
): number {
  return Math.min(Math.ceil(poolSize / pods), Math.floor((maxConnections - reservedConnections) / (pods + 1)));
}
