interface Named {
  readonly name: string;
}

interface Placed extends Named {
  readonly namespace: string;
}

/** The port of the listener inside the cluster: TLS, and a login by SCRAM-SHA-512. */
export const listenerPort = 9093;

/** Where clients in the cluster begin; each broker then tells its own name. */
export function bootstrapServer({ name, namespace }: Placed): string {
  return `${name}-kafka-bootstrap.${namespace}.svc:${listenerPort}`;
}

/** The Secret, made by Strimzi, whose `ca.crt` clients verify brokers by. */
export function authoritySecret({ name }: Named): string {
  return `${name}-cluster-ca-cert`;
}

export const loginPrefix = ({ name }: Named) => `${name}-login-`;

/** The Secret, kept by Strimzi, with a user's `password`, for those who log in with it to mount. */
export function kafkaLoginSecret(cluster: Named, user: string): string {
  return `${loginPrefix(cluster)}${user}`;
}

/** Where a user's password comes from. A rotation makes another, so that the old one serves until Kafka knows the new. */
export function passwordSecret({ name }: Named, user: string, rotation: number): string {
  return `${name}-password-${user}-${rotation}`;
}

export function metricsMap({ name }: Named): string {
  return `${name}-metrics`;
}

/** By which Strimzi knows what belongs to a cluster. */
export function clusterLabel({ name }: Named): Record<string, string> {
  return { "strimzi.io/cluster": name };
}

/** Pods with this label, in any namespace, may connect to the brokers. */
export function kafkaClientLabel({ name }: Named): Record<string, string> {
  return { "tenantry.io/kafka-client": name };
}

export interface Pool {
  readonly name: string;
  readonly roles: readonly ("broker" | "controller")[];
  /** The identity of its first node: brokers always count from 0, however many there are. */
  readonly firstId: number;
}

/** The pools of a cluster, the one with the brokers first. */
export function poolsOf({ controllers }: { readonly controllers: number }): readonly [Pool, ...Pool[]] {
  if (controllers === 0) return [{ name: "nodes", roles: ["controller", "broker"], firstId: 0 }];
  return [
    { name: "brokers", roles: ["broker"], firstId: 0 },
    { name: "controllers", roles: ["controller"], firstId: 100 },
  ];
}

export function poolName({ name }: Named, pool: Pool): string {
  return `${name}-${pool.name}`;
}
