import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { CronJob } from "@pulumi/kubernetes/batch/v1/cronJob";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Endpoints } from "../architecture/endpoints";
import { childrenOf } from "./children";
import { type LifecycleOptions, planLifecycle } from "./lifecycle/lifecycle-plan";
import {
  endpointsSecret,
  keysSecret,
  lifecyclePolicy,
  metadataOf,
  projectMap,
  requestsDeployment,
  runJob,
} from "./lifecycle/manifests";
import { fileKey } from "./lifecycle/project-files";

export interface LifecycleArgs extends LifecycleOptions {
  /** The servers by their names in the cluster, with the administrator's login. */
  readonly endpoints: pulumi.Input<Endpoints>;
}

/**
 * The age of rows on Kubernetes: a CronJob that moves what has passed its tier to the next one, and a Deployment that
 * fetches cold rows for tenants. The pods read the project from a ConfigMap, and the login from a Secret.
 *
 * @example new Lifecycle("lifecycle", { namespace: "shop", stack: "prod", citus: "citus", files, endpoints, store: { secret: "store" } }, { provider })
 */
export class Lifecycle extends pulumi.ComponentResource {
  /** Throws Problems if the arguments are invalid. */
  constructor(name: string, args: LifecycleArgs, options: pulumi.ComponentResourceOptions) {
    super("tenantry:index:Lifecycle", name, {}, options);
    const { endpoints, ...given } = args;
    const plan = planLifecycle(name, given);
    const child = childrenOf(this, name);
    const { annotations = {} } = plan;
    const account = child(ServiceAccount, "account", {
      metadata: {
        ...metadataOf(plan),
        ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
      },
      automountServiceAccountToken: false,
    });
    const project = child(ConfigMap, "project", {
      metadata: { ...metadataOf(plan), name: projectMap(plan) },
      data: Object.fromEntries(Object.entries(plan.files).map(([path, text]) => [fileKey(path), text])),
    });
    const known = pulumi.output(endpoints).apply((servers) => stringify(endpointsFile(servers)));
    const login = child(
      Secret,
      "endpoints",
      {
        metadata: { ...metadataOf(plan), name: endpointsSecret(plan) },
        stringData: { "endpoints.yaml": pulumi.secret(known) },
      },
      { additionalSecretOutputs: ["data", "stringData"] },
    );
    const keys = plan.store.keys
      ? [
          child(
            Secret,
            "store",
            {
              metadata: { ...metadataOf(plan), name: keysSecret(plan) },
              stringData: pulumi.secret({ ...plan.store.keys }),
            },
            { additionalSecretOutputs: ["data", "stringData"] },
          ),
        ]
      : [];
    const network = child(NetworkPolicy, "network", lifecyclePolicy(plan));
    const dependsOn = [account, project, login, ...keys, network];
    child(CronJob, "run", runJob(plan), { dependsOn });
    child(Deployment, "requests", requestsDeployment(plan), { dependsOn });
    this.registerOutputs({});
  }
}

/** The pods use PostgreSQL only, as the administrator, so no other login lies in their Secret. */
function endpointsFile({ postgres, kafka, connect }: Endpoints) {
  const { addresses: _outside, ...inside } = postgres;
  return {
    postgres: { ...inside, roles: {} },
    kafka: { bootstrapServers: kafka.bootstrapServers },
    connect: { url: connect.url, databasePassword: connect.databasePassword },
  };
}
