interface Named {
  readonly name: string;
}

/** The base URL of the workers' REST interface; any worker may answer. */
export function restUrl({ name, namespace }: Named & { readonly namespace: string }): string {
  return `http://${restService({ name })}.${namespace}.svc:${restPort}`;
}

export const restPort = 8083;
export const metricsPort = 9404;

/** The workers' Service, made by Strimzi. */
function restService({ name }: Named): string {
  return `${name}-connect-api`;
}

/** The workers' service account, made by Strimzi. */
export function serviceAccount({ name }: Named): string {
  return `${name}-connect`;
}

/** The file with the certificate authority of the database in a worker's pod. */
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

/** Pods with this label, in any namespace, may use the REST interface, which has no authentication. */
export function connectClientLabel({ name }: Named): Record<string, string> {
  return { "tenantry.io/connect-client": name };
}
