import type { Problem } from "../common/problem";
import { listNames } from "../common/suggestion";
import type { ClusterApi } from "./api";
import { servedKinds } from "./served-kinds";

const group = "kafka.strimzi.io";
const version = "v1";
const needed = ["kafkas", "kafkanodepools", "kafkausers", "kafkaconnects"] as const;

/** Checks that a Strimzi operator is installed if the stack relies on an existing one. */
export async function strimziProblems(api: ClusterApi, operator: "chart" | "existing"): Promise<Problem[]> {
  if (operator === "chart") return [];
  return servedProblems(api.context, await servedKinds(api, group, version));
}

/** @param served the kinds of Strimzi's resources that the cluster serves in the required version */
function servedProblems(context: string, served: readonly string[]): Problem[] {
  const missing = needed.filter((kind) => !served.includes(kind));
  if (missing.length === 0) return [];
  return [
    {
      what: `The cluster of the context \`${context}\` has no Strimzi operator that this stack could use`,
      got: `no ${listNames(missing.map((kind) => `${kind}.${group}/${version}`))}`,
      expected: "Strimzi 1.2: older ones serve other versions of its resources",
      fix: "Install or upgrade the operator, or set `tenantry:kubernetes.kafka.operator` to `chart`",
    },
  ];
}
