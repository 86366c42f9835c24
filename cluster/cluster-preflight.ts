import { refuseIfAny } from "../common/problem";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import { type ClusterApi, clusterApi } from "./api";
import { missingRights } from "./cluster-rights";
import { openKubeconfig } from "./kubeconfig";
import { namespaceProblems } from "./namespace";
import { prometheusProblems } from "./prometheus";
import { askCluster } from "./reachability";
import { volumeProblems, type WantedVolume } from "./storage";
import { strimziProblems } from "./strimzi";

type Place = Pick<KubernetesSettings, "context" | "server" | "namespace" | "storageClass" | "kafka" | "monitoring">;

/**
 * Throws Problems, before `up` creates anything, if the stack cannot be applied: the cluster is the wrong one or does not
 * answer, permissions are missing, the namespace belongs to another stack, a storage class or an operator (Strimzi,
 * Prometheus) is missing, or a volume would shrink. Takes about one second, and at most 20 if the cluster does not answer.
 */
export async function requireReady(settings: Place, volumes: readonly WantedVolume[], stack: string): Promise<void> {
  const api = await clusterApi(await openKubeconfig(settings));
  await askCluster(api, () => look(api, settings, volumes, stack));
}

async function look(api: ClusterApi, settings: Place, volumes: readonly WantedVolume[], stack: string): Promise<void> {
  const { namespace, storageClass, kafka, monitoring } = settings;
  // Permissions come first: without them the other checks can't read the cluster.
  refuseIfAny(await missingRights(api, namespace, monitoring !== undefined));
  refuseIfAny([
    ...(await namespaceProblems(api, namespace, stack)),
    ...(await volumeProblems(api, namespace, storageClass, volumes)),
    ...(await strimziProblems(api, kafka.operator)),
    ...(await prometheusProblems(api, monitoring)),
  ]);
}
