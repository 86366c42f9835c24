import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { types } from "@pulumi/kubernetes";
import { root } from "../../common/system/checkout";
import { commandPod } from "../command-pod";
import { monitorRole } from "../monitoring/exporter";
import {
  adminUser,
  clusterLabels,
  groupHost,
  groupsOf,
  loginSecret,
  nodeClientLabel,
  podHost,
  podNames,
  tlsSecret,
} from "./citus-names";
import type { CitusPlan } from "./citus-plan";
import { paths } from "./paths";
import { dynamicConfig } from "./patroni-config";
import { containerSecurity, podSecurity } from "./pod";

const script = readFileSync(join(root, "components", "citus", "prepare.sh"), "utf8");

/** All roles that log in with a password. */
export function loginRoles(plan: CitusPlan): string[] {
  return [adminUser, ...plan.applicationRoles, ...plan.replicationRoles];
}

/**
 * The Job that ends when the cluster is ready for its data plane. A Job can't be edited, so each change makes a new Job; the
 * finished Job stays until then as a record.
 */
export function prepareJob(plan: CitusPlan): types.input.batch.v1.Job & { metadata: { name: string } } {
  const template = podTemplate(plan);
  const digest = createHash("sha256")
    .update(JSON.stringify([template, plan.rotation]))
    .digest("hex")
    .slice(0, 8);
  return {
    metadata: {
      name: `${plan.name}-prepare-${digest}`,
      namespace: plan.namespace,
      labels: clusterLabels(plan),
      // The next `up` replaces a failed Job; otherwise it would wait for it in vain.
      annotations: { "pulumi.com/replaceUnready": "true" },
    },
    spec: { backoffLimit: 3, activeDeadlineSeconds: 900, template },
  };
}

function podTemplate(plan: CitusPlan): types.input.core.v1.PodTemplateSpec {
  // The cluster's own labels would add this pod to the headless Service.
  const labels = { "app.kubernetes.io/name": "citus-prepare", ...nodeClientLabel(plan) };
  return commandPod({
    labels,
    securityContext: podSecurity,
    container: {
      name: "prepare",
      image: plan.image,
      command: ["bash", "-c", script],
      env: Object.entries(environment(plan)).map(([name, value]) => ({ name, value })),
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "128Mi" } },
      securityContext: containerSecurity,
      volumeMounts: [
        { name: "tls", mountPath: paths.tls, readOnly: true },
        { name: "logins", mountPath: paths.logins, readOnly: true },
        { name: "temporary", mountPath: "/tmp" },
      ],
    },
    volumes: [
      { name: "tls", secret: { secretName: tlsSecret(plan), defaultMode: 0o640 } },
      {
        name: "logins",
        secret: {
          secretName: loginSecret(plan, adminUser),
          defaultMode: 0o440,
          items: [{ key: "password", path: "admin" }],
        },
      },
      { name: "temporary", emptyDir: {} },
    ],
  });
}

function environment(plan: CitusPlan): Record<string, string> {
  const groups = groupsOf(plan);
  return {
    COORDINATOR: groupHost(plan, 0),
    DATABASE: plan.database,
    GROUPS_TOTAL: String(groups.length),
    PATRONI_HOSTS: groups.map((group) => podHost(plan, podNames(plan, group)[0] ?? "")).join(" "),
    DYNAMIC_CONFIG: JSON.stringify(dynamicConfig(plan)),
    ADMIN: adminUser,
    ...(plan.monitoring && { MONITOR: monitorRole }),
  };
}
