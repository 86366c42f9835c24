import { authorityMap, clusterLabels, podHost } from "../citus/citus-names";

interface Place {
  readonly namespace: string;
}

/** The PodMonitor of the database's pods: the exporter, and Patroni by TLS with the server's certificate verified. */
export function citusMonitor({ namespace }: Place, citus: string) {
  const cluster = { name: citus, namespace };
  return {
    selector: { matchLabels: clusterLabels(cluster) },
    namespaceSelector: { matchNames: [namespace] },
    podTargetLabels: ["citus-group"],
    podMetricsEndpoints: [
      { port: "metrics", interval: "30s" },
      {
        port: "patroni",
        path: "/metrics",
        scheme: "https",
        interval: "30s",
        tlsConfig: {
          ca: { configMap: { name: authorityMap(cluster), key: "ca.crt" } },
          // The name of any pod works because the certificate is valid for all of them.
          serverName: podHost(cluster, "metrics"),
        },
      },
    ],
  };
}

/** The PodMonitor of brokers, controllers and Connect's workers, at Strimzi's port for metrics. */
export function strimziMonitor({ namespace }: Place, clusters: readonly string[]) {
  return {
    selector: { matchExpressions: [{ key: "strimzi.io/cluster", operator: "In", values: [...clusters] }] },
    namespaceSelector: { matchNames: [namespace] },
    podTargetLabels: ["strimzi.io/cluster", "strimzi.io/kind"],
    podMetricsEndpoints: [{ port: "tcp-prometheus", path: "/metrics", interval: "30s" }],
  };
}
