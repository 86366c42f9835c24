/** How the connections that the coordinator accepts are shared between PgBouncer's pods and everybody else. */

/** For connectors, standbys, other nodes, `pulumi up` and people. */
export const reservedConnections = 50;

/** @default of the pooler's pods */
export const poolerPods = 2;

/** What the pods hold together while they are replaced, when there is one more of them. */
export function mostPooled(poolSize: number, pods = poolerPods): number {
  return Math.ceil(poolSize / pods) * (pods + 1);
}

/** Server connections of one pod: its share of the pool, or less where the coordinator has not as many to give. */
export function connectionsOfPod(
  maxConnections: number,
  poolSize = Number.POSITIVE_INFINITY,
  pods = poolerPods,
): number {
  return Math.min(Math.ceil(poolSize / pods), Math.floor((maxConnections - reservedConnections) / (pods + 1)));
}
