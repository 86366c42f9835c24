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
 * Ends with Problems, before anything is made, where the stack could not be applied: another cluster or none, missing
 * permissions, a namespace of somebody else's, no storage class, volumes that would shrink, no operator for Kafka or Prometheus.
 * Takes about a second, and at most twenty where nothing answers.
 */
export async function requireReady(settings: Place, volumes: readonly WantedVolume[], stack: string): Promise<void> {
  const api = await clusterApi(await openKubeconfig(settings));
  await askCluster(api, () => look(api, settings, volumes, stack));
}

async function look(api: ClusterApi, settings: Place, volumes: readonly WantedVolume[], stack: string): Promise<void> {
  const { namespace, storageClass, kafka, monitoring } = settings;
  // First: what is not allowed can't be looked at either.
  refuseIfAny(await missingRights(api, namespace, monitoring !== undefined));
  refuseIfAny([
    ...(await namespaceProblems(api, namespace, stack)),
    ...(await volumeProblems(api, namespace, storageClass, volumes)),
    ...(await strimziProblems(api, kafka.operator)),
    ...(await prometheusProblems(api, monitoring)),
  ]);
}
