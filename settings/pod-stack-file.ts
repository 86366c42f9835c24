import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";

/** Keys of a stack file that mean the same in a pod, where the servers exist already. */
const kept = [
  "application",
  "citus",
  "consistency",
  "shardCount",
  "tenancy",
  "tenants",
  "allow",
  "isolatedTenants",
  "store",
  "workload",
  "plan",
] as const;

/** Keys of `tenantry:store` by which a pod gets its login; the pod has it in its environment or from the cloud. */
const logins = ["accessKeyId", "secretAccessKey", "credentials"] as const;

/**
 * The stack file for the stack's pods: that of an external stack whose servers are those of the cluster, without a secret.
 *
 * @param endpoints the path of the file of endpoints in the pod
 */
export function podStackFile(text: string, endpoints: string): string {
  const { config } = parse(text) as { readonly config: Readonly<Record<string, unknown>> };
  const own = kept.flatMap((key) => {
    const value = config[`tenantry:${key}`];
    return value === undefined ? [] : [[`tenantry:${key}`, key === "store" ? without(value, logins) : value] as const];
  });
  return stringify({
    config: {
      ...Object.fromEntries(own),
      "tenantry:platform": "external",
      "tenantry:endpoints": { file: endpoints },
    },
  });
}

/** Reads the stack's file of a project, and returns the one for its pods. */
export function readPodStackFile(project: string, stack: string, endpoints: string): string {
  return podStackFile(readFileSync(join(project, "stacks", `Pulumi.${stack}.yaml`), "utf8"), endpoints);
}

function without(value: unknown, keys: readonly string[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}
