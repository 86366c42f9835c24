import { authorityMap, clusterLabels, podHost } from "../citus/citus-names";

interface Place {
  readonly namespace: string;
}

/** Where Prometheus finds the database's pods: the exporter, and Patroni by TLS, which it verifies as any client does. */
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
          // Any pod's name: the certificate holds for all of them.
          serverName: podHost(cluster, "metrics"),
        },
      },
    ],
  };
}

/** Brokers, controllers and workers of Connect, at the port that Strimzi opens for metrics. */
export function strimziMonitor({ namespace }: Place, clusters: readonly string[]) {
  return {
    selector: { matchExpressions: [{ key: "strimzi.io/cluster", operator: "In", values: [...clusters] }] },
    namespaceSelector: { matchNames: [namespace] },
    podTargetLabels: ["strimzi.io/cluster", "strimzi.io/kind"],
    podMetricsEndpoints: [{ port: "tcp-prometheus", path: "/metrics", interval: "30s" }],
  };
}
