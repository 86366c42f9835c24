import { type Problem, refuseIfAny } from "../../common/problem";
import { connectionsOfPod, poolerPods, reservedConnections } from "../../planner/pool";
import { citusImage } from "../../settings/kubernetes-settings";

export interface PoolerOptions {
  readonly namespace: string;
  /** The name of the Citus cluster behind it, in the same namespace. */
  readonly cluster: string;
  readonly database: string;
  /** Roles that may use the pooler. */
  readonly roles: readonly string[];
  /** The coordinator's limit of connections. @default 200 */
  readonly maxConnections?: number;
  /** The limit of server connections of all pods together. @default what the coordinator can spare: see connectionsOfPod */
  readonly poolSize?: number;
  /**
   * `transaction`: a client gets a server connection for one transaction. `session`: a client keeps a server connection until
   * it disconnects, for applications that need session state. @default "transaction"
   */
  readonly pooling?: "transaction" | "session";
  /** The limit of one pod's clients. @default 2000 */
  readonly clients?: number;
  /** @default 2 */
  readonly replicas?: number;
  /** An image with PgBouncer 1.21 or newer and `pg_isready`. @default the image that `images/citus` builds */
  readonly image?: string;
  /** `required`: no two pods on one machine. @default "required" */
  readonly spread?: "required" | "preferred";
  /** Raising it by one replaces the certificate and reads the roles' passwords again. @default 1 */
  readonly rotation?: number;
}

export interface PoolerPlan extends Required<Omit<PoolerOptions, "poolSize">> {
  readonly name: string;
  /** The limit of one pod's server connections. */
  readonly serverConnections: number;
}

/** Fills in the defaults. Throws Problems with everything that is invalid. */
export function planPooler(name: string, options: PoolerOptions): PoolerPlan {
  const { poolSize, ...given } = options;
  const { maxConnections = 200, replicas = poolerPods } = given;
  const serverConnections = connectionsOfPod(maxConnections, poolSize, replicas);
  const problems: Problem[] = [];
  if (options.roles.length === 0) {
    problems.push({
      what: `The pooler \`${name}\` would let nobody in`,
      got: "no roles",
      fix: "Give it the roles that applications log in with, or leave the pooler out",
    });
  }
  if (serverConnections < 1) {
    problems.push({
      what: `The pods of the pooler \`${name}\` would have no connection to the database`,
      got: `maxConnections: ${maxConnections}, of which ${reservedConnections} are not the pooler's`,
      expected: `at least ${reservedConnections + replicas + 1}`,
      fix: "Raise `maxConnections`, or leave the pooler out",
    });
  }
  refuseIfAny(problems);
  return {
    clients: 2000,
    image: citusImage,
    spread: "required",
    rotation: 1,
    pooling: "transaction",
    ...given,
    name,
    maxConnections,
    replicas,
    serverConnections,
  };
}
