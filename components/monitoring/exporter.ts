import type { types } from "@pulumi/kubernetes";

type Container = types.input.core.v1.Container;

/** @default postgres_exporter's own image */
const exporterImage = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1";
export const exporterPort = 9187;
/** The exporter's role: a member of pg_monitor that can read no table. It has no password and logs in through the pod's socket. */
export const monitorRole = "tenantry_monitor";

/** The labels that the Prometheus operator gives to Prometheus' pods, in any namespace. */
export const prometheusLabels = { "app.kubernetes.io/name": "prometheus" } as const;

/** The ConfigMap with the exporter's queries. */
export function queriesMap({ name }: { readonly name: string }): string {
  return `${name}-queries`;
}

/** The exporter's container. It runs beside PostgreSQL in each pod, so it needs neither a password nor the network. */
export function exporterContainer(
  database: string,
  sockets: string,
  securityContext: types.input.core.v1.SecurityContext,
): Container {
  return {
    name: "exporter",
    image: exporterImage,
    imagePullPolicy: "IfNotPresent",
    args: [
      "--extend.query-path=/etc/exporter/queries.yaml",
      `--web.listen-address=:${exporterPort}`,
      "--no-collector.wal",
      "--log.level=warn",
    ],
    env: [
      {
        name: "DATA_SOURCE_NAME",
        value: `host=${sockets} user=${monitorRole} dbname=${database} sslmode=disable application_name=tenantry-exporter`,
      },
    ],
    ports: [{ name: "metrics", containerPort: exporterPort }],
    resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
    securityContext,
    volumeMounts: [
      { name: "sockets", mountPath: sockets, readOnly: true },
      { name: "queries", mountPath: "/etc/exporter", readOnly: true },
    ],
  };
}
