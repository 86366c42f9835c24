import type { types } from "@pulumi/kubernetes";
import { durationMs } from "../../common/duration";
import { formatQuantity } from "../../common/quantity";
import { clientLabel, clusterLabels } from "../citus/citus-names";
import { commandPod } from "../command-pod";
import { digestOf, type LifecyclePlan } from "./lifecycle-plan";
import { fileKey, podPaths } from "./project-files";

type EnvVar = types.input.core.v1.EnvVar;
type Labelled = Pick<LifecyclePlan, "name">;

const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));

export function projectMap({ name }: Labelled): string {
  return `${name}-project`;
}

/** The Secret with the endpoints and the administrator's login. */
export function endpointsSecret({ name }: Labelled): string {
  return `${name}-endpoints`;
}

/** The Secret with the store's keys, if the stack file has them. */
export function keysSecret({ name }: Labelled): string {
  return `${name}-store`;
}

function lifecycleLabels({ name }: Labelled): Record<string, string> {
  return { "app.kubernetes.io/name": "tenantry", "app.kubernetes.io/instance": name };
}

export function metadataOf(plan: Pick<LifecyclePlan, "name" | "namespace">, suffix = "") {
  return { name: `${plan.name}${suffix}`, namespace: plan.namespace, labels: lifecycleLabels(plan) };
}

/** The CronJob of `tenantry lifecycle run`. A run that fails isn't repeated at once, because the next one continues it. */
export function runJob(plan: LifecyclePlan): types.input.batch.v1.CronJob {
  return {
    metadata: metadataOf(plan, "-run"),
    spec: {
      schedule: plan.schedule,
      timeZone: "Etc/UTC",
      // A second run would end at the first one's lock, and count as failed.
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels: lifecycleLabels(plan) },
        spec: {
          backoffLimit: 0,
          activeDeadlineSeconds: durationMs(plan.deadline) / 1_000,
          template: podOf(plan, "run", ["run"]),
        },
      },
    },
  };
}

/** The Deployment of `tenantry lifecycle requests serve`, which fetches cold rows for tenants. */
export function requestsDeployment(plan: LifecyclePlan): types.input.apps.v1.Deployment {
  const labels = { ...lifecycleLabels(plan), "app.kubernetes.io/component": "requests" };
  const { metadata, spec } = podOf(plan, "requests", ["requests", "serve"]);
  return {
    metadata: metadataOf(plan, "-requests"),
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...metadata.labels, ...labels }, annotations: { "tenantry.io/project": digestOf(plan) } },
        spec: { ...spec, restartPolicy: "Always" },
      },
    },
  };
}

/** Lets nobody in, and lets the pods out to the database, to the store, and to DNS. */
export function lifecyclePolicy(plan: LifecyclePlan) {
  const database = { podSelector: { matchLabels: clusterLabels({ name: plan.citus }) } };
  const ports = [...new Set([443, ...(plan.store.ports ?? [])])].toSorted((one, other) => one - other);
  return {
    metadata: metadataOf(plan),
    spec: {
      podSelector: { matchLabels: lifecycleLabels(plan) },
      policyTypes: ["Ingress", "Egress"],
      egress: [
        { to: [database], ports: tcp(5432) },
        { ports: [...tcp(53), { protocol: "UDP", port: 53 }] },
        // No label selects a store, nor the service by which a cloud exchanges an identity for keys.
        { ports: tcp(...ports) },
      ],
    },
  } satisfies types.input.networking.v1.NetworkPolicy;
}

function podOf(plan: LifecyclePlan, name: string, command: readonly string[]) {
  const { stack, image, cpu, memory, temporary } = plan;
  const pod = commandPod({
    labels: { ...lifecycleLabels(plan), ...clientLabel({ name: plan.citus }) },
    securityContext: podSecurity,
    container: {
      name,
      image,
      command: ["tenantry", "lifecycle", ...command, "-s", stack],
      workingDir: podPaths.project,
      env: [{ name: "HOME", value: "/tmp" }, ...credentials(plan)],
      resources: {
        requests: { cpu, memory: formatQuantity(memory), "ephemeral-storage": formatQuantity(temporary) },
        limits: { memory: formatQuantity(memory) },
      },
      securityContext: containerSecurity,
      volumeMounts: [
        { name: "project", mountPath: podPaths.project, readOnly: true },
        { name: "endpoints", mountPath: podPaths.endpointsFolder, readOnly: true },
        { name: "temporary", mountPath: "/tmp" },
      ],
    },
    volumes: [
      {
        name: "project",
        configMap: {
          name: projectMap(plan),
          items: Object.keys(plan.files).map((path) => ({ key: fileKey(path), path })),
        },
      },
      { name: "endpoints", secret: { secretName: endpointsSecret(plan), defaultMode: 0o440 } },
      { name: "temporary", emptyDir: { sizeLimit: formatQuantity(temporary) } },
    ],
  });
  return { ...pod, spec: { ...pod.spec, serviceAccountName: plan.name, terminationGracePeriodSeconds: 60 } };
}

/** The store's keys reach the client by the names that every client of S3 knows. */
function credentials(plan: LifecyclePlan): EnvVar[] {
  const secret = plan.store.keys ? keysSecret(plan) : plan.store.secret;
  if (secret === undefined) return [];
  const from = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: secret, key } } });
  return [from("AWS_ACCESS_KEY_ID", "accessKeyId"), from("AWS_SECRET_ACCESS_KEY", "secretAccessKey")];
}

const podSecurity: types.input.core.v1.PodSecurityContext = {
  runAsNonRoot: true,
  // The user `node` of the image.
  runAsUser: 1000,
  runAsGroup: 1000,
  fsGroup: 1000,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

const containerSecurity: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
