import { createHash } from "node:crypto";
import type { types } from "@pulumi/kubernetes";
import { formatQuantity } from "../../common/quantity";
import { exporterContainer, queriesMap } from "../monitoring/exporter";
import { queriesFile } from "../monitoring/queries";
import { clusterLabels, groupLabels, groupName, podsService, tlsSecret } from "./citus-names";
import type { CitusPlan } from "./citus-plan";
import { paths } from "./paths";
import { patroniConfig } from "./patroni-config";

type PodTemplate = types.input.core.v1.PodTemplateSpec;
type Probe = types.input.core.v1.Probe;

/** The pod template of a group. Its annotations change with the mounted files, so that an edit restarts the pods one by one. */
export function podTemplate(plan: CitusPlan, group: number): PodTemplate {
  const size = group === 0 ? plan.coordinator : plan.worker;
  return {
    metadata: {
      labels: groupLabels(plan, group),
      annotations: {
        "tenantry.io/config": digest(patroniConfig(plan, group)),
        "tenantry.io/rotation": String(plan.rotation),
        ...(plan.monitoring && { "tenantry.io/queries": digest(queriesFile()) }),
      },
    },
    spec: {
      serviceAccountName: plan.name,
      securityContext: podSecurity,
      // PostgreSQL writes a checkpoint of its whole memory before it ends.
      terminationGracePeriodSeconds: 120,
      affinity: { podAntiAffinity: podAntiAffinity(plan, group) },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "topology.kubernetes.io/zone",
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: groupLabels(plan, group) },
        },
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: clusterLabels(plan) },
        },
      ],
      containers: [
        {
          name: "postgres",
          image: plan.image,
          imagePullPolicy: "IfNotPresent",
          env: environment(plan),
          ports: [
            { name: "postgresql", containerPort: 5432 },
            { name: "patroni", containerPort: 8008 },
          ],
          // The limit equals the request for memory, because overcommitted memory gets pods killed. CPU has no limit.
          resources: {
            requests: { cpu: size.cpu, memory: formatQuantity(size.memory) },
            limits: { memory: formatQuantity(size.memory) },
          },
          securityContext: containerSecurity,
          startupProbe: { ...probe("/liveness"), failureThreshold: 60, periodSeconds: 2 },
          livenessProbe: { ...probe("/liveness"), failureThreshold: 6, periodSeconds: 10 },
          readinessProbe: { ...probe(readiness(plan)), failureThreshold: 3, periodSeconds: 3 },
          volumeMounts: [
            { name: "data", mountPath: paths.home },
            { name: "config", mountPath: paths.config, readOnly: true },
            { name: "tls", mountPath: paths.tls, readOnly: true },
            { name: "sockets", mountPath: paths.sockets },
            { name: "temporary", mountPath: "/tmp" },
            { name: "shared-memory", mountPath: "/dev/shm" },
          ],
        },
        ...(plan.monitoring ? [exporterContainer(plan.database, paths.sockets, containerSecurity)] : []),
      ],
      volumes: [
        { name: "config", configMap: { name: groupName(plan, group) } },
        // Only the owner and the group may read it: PostgreSQL refuses a key that others can read.
        { name: "tls", secret: { secretName: tlsSecret(plan), defaultMode: 0o640 } },
        { name: "sockets", emptyDir: {} },
        { name: "temporary", emptyDir: {} },
        // Parallel queries use shared memory, and the container runtime's 64 MiB are soon full.
        { name: "shared-memory", emptyDir: { medium: "Memory" } },
        ...(plan.monitoring ? [{ name: "queries", configMap: { name: queriesMap(plan) } }] : []),
      ],
    },
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The security context for every pod of the image. */
export const podSecurity: types.input.core.v1.PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: 999,
  runAsGroup: 999,
  fsGroup: 999,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

export const containerSecurity: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

function environment(plan: CitusPlan): types.input.core.v1.EnvVar[] {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const host = `$(POD_NAME).${podsService(plan)}.${plan.namespace}.svc`;
  return [
    field("POD_NAME", "metadata.name"),
    field("PATRONI_NAME", "metadata.name"),
    field("PATRONI_KUBERNETES_POD_IP", "status.podIP"),
    { name: "PATRONI_POSTGRESQL_CONNECT_ADDRESS", value: `${host}:5432` },
    { name: "PATRONI_RESTAPI_CONNECT_ADDRESS", value: `${host}:8008` },
    // The certificate that PostgreSQL presents to other nodes, for every role.
    { name: "PGSSLCERT", value: paths.certificate },
    { name: "PGSSLKEY", value: paths.key },
  ];
}

/** The readiness check. A rollout continues only when the standby that a failover would choose is back. Clients don't depend on it. */
function readiness({ synchronousMode, replicas }: CitusPlan): string {
  return synchronousMode !== "off" && replicas === 2 ? "/read-only-sync" : "/readiness";
}

function probe(path: string): Probe {
  return { httpGet: { path, port: "patroni", scheme: "HTTPS" }, timeoutSeconds: 5 };
}

function podAntiAffinity(plan: CitusPlan, group: number): types.input.core.v1.PodAntiAffinity {
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: groupLabels(plan, group) } };
  return plan.spread === "required"
    ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
    : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] };
}
