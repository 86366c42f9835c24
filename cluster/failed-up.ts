import { z } from "zod";
import { type Problem, Problems } from "../common/problem";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import { type ClusterApi, clusterApi } from "./api";
import { openKubeconfig } from "./kubeconfig";
import { askCluster } from "./reachability";
import {
  type CustomObject,
  isReady,
  type NamespaceObjects,
  type Pod,
  statusesOf,
  unreadyProblems,
} from "./unready-objects";

const logLines = 5;
const strimzi = { group: "kafka.strimzi.io", version: "v1" };

const text = z.string().exactOptional();
const customListSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({ name: z.string() }),
      status: z
        .object({
          conditions: z.array(z.object({ type: text, status: text, reason: text, message: text })).exactOptional(),
        })
        .exactOptional(),
    }),
  ),
});

/** Finds the objects in the stack's namespace that made an `up` fail. Returns no problem if all objects are ready. */
export async function explainFailedUp(
  settings: Pick<KubernetesSettings, "context" | "server" | "namespace">,
): Promise<readonly Problem[]> {
  try {
    const api = await clusterApi(await openKubeconfig(settings));
    return unreadyProblems(await askCluster(api, () => look(api, settings.namespace)));
  } catch (error) {
    if (error instanceof Problems) return error.problems;
    throw error;
  }
}

async function look(api: ClusterApi, namespace: string): Promise<NamespaceObjects> {
  const [pods, statefulSets, jobs, claims, events, custom] = await Promise.all([
    api.core.listNamespacedPod({ namespace }),
    api.apps.listNamespacedStatefulSet({ namespace }),
    api.batch.listNamespacedJob({ namespace }),
    api.core.listNamespacedPersistentVolumeClaim({ namespace }),
    api.core.listNamespacedEvent({ namespace }),
    customObjects(api, namespace),
  ]);
  const failing = pods.items.filter((pod) => !isReady(pod) && pod.status?.phase !== "Succeeded");
  const logs = await Promise.all(
    failing.map(async (pod) => [pod.metadata?.name ?? "", await lastWords(api, namespace, pod)] as const),
  );
  return {
    namespace,
    pods: pods.items,
    statefulSets: statefulSets.items,
    jobs: jobs.items,
    claims: claims.items,
    events: events.items,
    custom,
    logs: new Map(logs.filter(([, log]) => log !== "")),
  };
}

/** The end of a failing container's log. Empty if the log can't be read, so that the other problems are still reported. */
async function lastWords(api: ClusterApi, namespace: string, pod: Pod): Promise<string> {
  const failing = statusesOf(pod).find(({ ready, restartCount }) => !ready && restartCount > 0);
  if (!failing) return "";
  const log = await api.core
    .readNamespacedPodLog({
      namespace,
      name: pod.metadata?.name ?? "",
      container: failing.name,
      previous: failing.state?.waiting !== undefined,
      tailLines: logLines,
    })
    .catch(() => "");
  // The kubelet answers with this text instead of a log if the container is already gone.
  return log.startsWith("unable to retrieve container logs") ? "" : log.trim().replaceAll("\n", "\n            ");
}

/** Strimzi's objects in the namespace; none if Strimzi is not installed. */
async function customObjects(api: ClusterApi, namespace: string): Promise<CustomObject[]> {
  const { resources } = await api.custom.getAPIResources(strimzi).catch(() => ({ resources: [] }));
  const lists = await Promise.all(
    resources
      .filter(({ name, namespaced }) => namespaced && !name.includes("/"))
      .map(({ name }) => api.custom.listNamespacedCustomObject({ ...strimzi, namespace, plural: name })),
  );
  return lists
    .flatMap((list) => customListSchema.parse(list).items)
    .map(({ kind, metadata, status }) => ({
      kind,
      name: metadata.name,
      conditions: status?.conditions ?? [],
    }));
}
