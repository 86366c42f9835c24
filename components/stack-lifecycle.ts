import * as pulumi from "@pulumi/pulumi";
import { projectRoot } from "../common/system/project";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import { readPodStackFile } from "../settings/pod-stack-file";
import type { Settings } from "../settings/settings";
import type { StoreSettings } from "../store/store-settings";
import { componentNames } from "./kubernetes-endpoints";
import { Lifecycle } from "./lifecycle";
import type { StoreAccess } from "./lifecycle/lifecycle-plan";
import { podPaths, projectFiles } from "./lifecycle/project-files";
import type { Platform } from "./platform";

/** The pods of a stack that provisions its servers. They use the stack's files as of this `up`. */
export function stackLifecycle(
  settings: Settings,
  {
    kubernetes: { namespace, rotation },
    store,
  }: { readonly kubernetes: KubernetesSettings; readonly store: StoreSettings },
  { endpoints, provider, ready }: Platform,
  dependsOn: readonly pulumi.Resource[],
): Lifecycle {
  if (!endpoints) throw new Error("the servers have no endpoints");
  const stack = pulumi.getStack();
  const stackFile = readPodStackFile(projectRoot, stack, podPaths.endpoints);
  const named = { project: pulumi.getProject(), stack, application: settings.application };
  return new Lifecycle(
    componentNames.lifecycle,
    {
      ...settings.lifecycle,
      namespace,
      stack,
      citus: componentNames.citus,
      files: projectFiles(projectRoot, named, stackFile),
      endpoints,
      rotation,
      store: storeAccess(store),
    },
    { ...(provider && { providers: { kubernetes: provider } }), dependsOn: [...ready, ...dependsOn] },
  );
}

function storeAccess(store: StoreSettings): StoreAccess {
  if ("folder" in store) throw new Error("pods can't use a folder");
  const { endpoint, accessKeyId, secretAccessKey, credentials } = store;
  return {
    ...(endpoint !== undefined && { ports: [portOf(new URL(endpoint))] }),
    ...(credentials && { secret: credentials.secret }),
    ...(accessKeyId !== undefined && secretAccessKey !== undefined && { keys: { accessKeyId, secretAccessKey } }),
  };
}

function portOf({ protocol, port }: URL): number {
  return Number(port || (protocol === "http:" ? 80 : 443));
}
