interface Named {
  readonly name: string;
}

/** Base of the REST interface of the workers, whichever of them answers. */
export function restUrl({ name, namespace }: Named & { readonly namespace: string }): string {
  return `http://${restService({ name })}.${namespace}.svc:${restPort}`;
}

export const restPort = 8083;
export const metricsPort = 9404;

/** The Service that Strimzi makes. */
export function restService({ name }: Named): string {
  return `${name}-connect-api`;
}

/** The service account that Strimzi makes. */
export function serviceAccount({ name }: Named): string {
  return `${name}-connect`;
}

/** Where the workers find the authority of the database's certificates. */
export const databaseAuthority = { folder: "/mnt/citus-ca", file: "/mnt/citus-ca/ca.crt" } as const;

/** Topics in which the workers keep connectors, offsets and states. */
export function workerTopics({ name }: Named) {
  return { configs: `${name}-configs`, offsets: `${name}-offsets`, status: `${name}-status` };
}

export function metricsMap({ name }: Named): string {
  return `${name}-metrics`;
}

export function workerLabels({ name }: Named): Record<string, string> {
  return { "strimzi.io/cluster": name, "strimzi.io/kind": "KafkaConnect" };
}

/** Pods with this label, in any namespace, may use the REST interface, which asks nobody for a password. */
export function connectClientLabel({ name }: Named): Record<string, string> {
  return { "tenantry.io/connect-client": name };
}
