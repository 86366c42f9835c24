import type { Problem } from "../common/problem";
import { listNames } from "../common/suggestion";
import type { MonitoringSettings } from "../settings/kubernetes-settings";
import type { ClusterApi } from "./api";
import { servedKinds } from "./served-kinds";

const group = "monitoring.coreos.com";
const version = "v1";
const needed = ["podmonitors", "prometheusrules"] as const;

/** Checks that the cluster has a Prometheus operator if the stack asks for monitoring. */
export async function prometheusProblems(
  api: ClusterApi,
  monitoring: MonitoringSettings | undefined,
): Promise<Problem[]> {
  if (!monitoring) return [];
  const served = await servedKinds(api, group, version);
  const missing = needed.filter((kind) => !served.includes(kind));
  if (missing.length === 0) return [];
  return [
    {
      what: `The cluster of the context \`${api.context}\` has no Prometheus operator that would watch this stack`,
      got: `no ${listNames(missing.map((kind) => `${kind}.${group}/${version}`))}`,
      fix: "Install the operator, as kube-prometheus-stack does, or set `tenantry:kubernetes.monitoring` to `false`",
    },
  ];
}
