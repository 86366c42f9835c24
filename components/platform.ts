import type * as pulumi from "@pulumi/pulumi";
import type { Application } from "../architecture/application";
import type { Endpoints } from "../architecture/endpoints";
import type { Settings } from "../architecture/settings";

/** The servers of a stack, whoever runs them. */
export interface Platform {
  /** What can be said of them before they run; without secrets. Undefined while nothing is known. */
  readonly declared: Endpoints | undefined;
  /** How to reach them. */
  readonly endpoints: pulumi.Input<Endpoints> | undefined;
  /** What must be there before anything is applied to them. */
  readonly ready: readonly pulumi.Resource[];
}

/** Provisions the servers if the stack says so. Kubernetes is loaded only then: it takes seconds. */
export async function platformOf(application: Application, settings: Settings): Promise<Platform> {
  const { kubernetes, endpoints } = settings;
  if (!kubernetes) return { declared: endpoints, endpoints, ready: [] };
  // Not `import()`: the program is CommonJS, and what compiles it on the fly knows only `require`.
  const { kubernetesPlatform } = require("./kubernetes-platform") as typeof import("./kubernetes-platform");
  return kubernetesPlatform(application, settings, kubernetes);
}
