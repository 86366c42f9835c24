import { connectClientLabel, metricsPort, restPort, workerLabels } from "./connect-names";
import type { ConnectPlan } from "./connect-plan";

/** Only the workers and pods with the client label may reach the REST interface, because it has no authentication. */
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
