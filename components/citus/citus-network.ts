import type { types } from "@pulumi/kubernetes";
import { exporterPort, prometheusLabels } from "../monitoring/exporter";
import { clientLabel, clusterLabels, nodeClientLabel } from "./citus-names";
import type { CitusPlan } from "./citus-plan";

type PolicySpec = types.input.networking.v1.NetworkPolicySpec;

const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));

/**
 * Lets in the cluster's own pods, clients with the label (to PostgreSQL only), and Prometheus (to metrics only). Lets out
 * connections to each other, to DNS, and to the API server, which no label can select.
 */
export function networkPolicy(plan: CitusPlan): PolicySpec {
  const own = { podSelector: { matchLabels: clusterLabels(plan) } };
  const prepare = { podSelector: { matchLabels: nodeClientLabel(plan) } };
  const clients = { namespaceSelector: {}, podSelector: { matchLabels: clientLabel(plan) } };
  const prometheus = { namespaceSelector: {}, podSelector: { matchLabels: prometheusLabels } };
  return {
    podSelector: { matchLabels: clusterLabels(plan) },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { from: [own, prepare], ports: tcp(5432, 8008) },
      { from: [clients], ports: tcp(5432) },
      ...(plan.monitoring ? [{ from: [prometheus], ports: tcp(exporterPort, 8008) }] : []),
    ],
    egress: [
      { to: [own], ports: tcp(5432, 8008) },
      { ports: [...tcp(53), { protocol: "UDP", port: 53 }] },
      { ports: tcp(443, 6443) },
    ],
  };
}
