interface Named {
  readonly name: string;
}

interface Placed extends Named {
  readonly namespace: string;
}

/** The port of the listener inside the cluster, which uses TLS and SCRAM-SHA-512. */
export const listenerPort = 9093;

/** The bootstrap server for clients in the cluster; each broker then announces its own name. */
export function bootstrapServer({ name, namespace }: Placed): string {
  return `${name}-kafka-bootstrap.${namespace}.svc:${listenerPort}`;
}

/** The Secret with `ca.crt`, by which clients verify brokers. Strimzi makes it. */
export function authoritySecret({ name }: Named): string {
  return `${name}-cluster-ca-cert`;
}

export const loginPrefix = ({ name }: Named) => `${name}-login-`;

/** The Secret with a user's `password`, kept by Strimzi. Pods that log in as the user mount it. */
export function kafkaLoginSecret(cluster: Named, user: string): string {
  return `${loginPrefix(cluster)}${user}`;
}

/** The Secret from which a user's password comes. A rotation makes another one, so the old password works until Kafka has the new. */
export function passwordSecret({ name }: Named, user: string, rotation: number): string {
  return `${name}-password-${user}-${rotation}`;
}

export function metricsMap({ name }: Named): string {
  return `${name}-metrics`;
}

/** The label by which Strimzi assigns resources to a cluster. */
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
  /** The id of its first node. Brokers always count from 0. */
  readonly firstId: number;
}

/** The node pools of a cluster; the brokers' pool comes first. */
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
