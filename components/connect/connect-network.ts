import { connectClientLabel, metricsPort, restPort, workerLabels } from "./connect-names";
import type { ConnectPlan } from "./connect-plan";

/** The REST interface asks nobody for a password: each other and clients by their label, and nobody else. */
export function networkPolicy(plan: ConnectPlan) {
  const own = { podSelector: { matchLabels: workerLabels(plan) } };
  const clients = { namespaceSelector: {}, podSelector: { matchLabels: connectClientLabel(plan) } };
  return {
    podSelector: { matchLabels: workerLabels(plan) },
    policyTypes: ["Ingress"],
    ingress: [
      { from: [own, clients], ports: [{ protocol: "TCP", port: restPort }] },
      ...(plan.metrics ? [{ ports: [{ protocol: "TCP", port: metricsPort }] }] : []),
    ],
  };
}
