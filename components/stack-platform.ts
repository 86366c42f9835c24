import type * as pulumi from "@pulumi/pulumi";
import type { Application } from "../architecture/application";
import type { Settings } from "../settings/settings";
import type { Platform } from "./platform";

/** Provisions the servers and roles that the stack asks for. Loads the code for them only then, because it takes seconds. */
export async function platformOf(application: Application, settings: Settings): Promise<Platform> {
  const servers = await serversOf(application, settings);
  if (!settings.postgres?.manageRoles) return servers;
  const { managedRoles } = require("./managed-roles") as typeof import("./managed-roles");
  return { ...servers, ready: [...servers.ready, managedRoles(application, settings, servers)] };
}

async function serversOf(application: Application, settings: Settings): Promise<Platform> {
  const { kubernetes, endpoints } = settings;
  if (!kubernetes) return { declared: endpoints, endpoints, ready: [] };
  // `import()` would fail here: the program is CommonJS, and the loader that compiles it supports only `require`.
  const { kubernetesPlatform } = require("./kubernetes-platform") as typeof import("./kubernetes-platform");
  return kubernetesPlatform(application, settings, kubernetes);
}

/** Declares the topics of a stack's events. Loads Kafka's provider only then. */
export function topicsOf(application: Application, settings: Settings, platform: Platform): pulumi.Resource {
  const { eventTopics } = require("./event-topics") as typeof import("./event-topics");
  return eventTopics(application, settings, platform);
}

/** Declares the pods that move rows to their tier, after the data. Nothing, where the stack has no servers of its own, or no store. */
export function lifecycleOf(
  settings: Settings,
  platform: Platform,
  dependsOn: readonly pulumi.Resource[],
): pulumi.Resource[] {
  const { kubernetes, store } = settings;
  if (!kubernetes || !platform.endpoints || !store) return [];
  const { stackLifecycle } = require("./stack-lifecycle") as typeof import("./stack-lifecycle");
  return [stackLifecycle(settings, { kubernetes, store }, platform, dependsOn)];
}
