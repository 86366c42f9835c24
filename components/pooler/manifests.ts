import { createHash } from "node:crypto";
import type { types } from "@pulumi/kubernetes";
import { authorityMap, clientLabel, groupHost, groupLabels } from "../citus/citus-names";
import { containerSecurity, podSecurity } from "../citus/pod";
import { type PoolerConfig, poolerConfig, poolerSettings } from "./config";
import type { PoolerPlan } from "./pooler-plan";

/** The port that applications use, the same as the database's. */
const servicePort = 5432;
/** PgBouncer's port in the pod. */
const port = 6432;
const paths = {
  config: "/etc/pgbouncer",
  usersFolder: "/etc/pgbouncer-users",
  users: "/etc/pgbouncer-users/userlist.txt",
  tls: "/etc/tls",
  authorityFolder: "/etc/database-ca",
  authority: "/etc/database-ca/ca.crt",
  certificate: "/etc/tls/tls.crt",
  key: "/etc/tls/tls.key",
  sockets: "/run/pgbouncer",
} as const;

export function poolerHost({ name, namespace }: Pick<PoolerPlan, "name" | "namespace">): string {
  return `${name}.${namespace}.svc`;
}

export function usersSecret({ name }: Pick<PoolerPlan, "name">): string {
  return `${name}-users`;
}

export function poolerTls({ name }: Pick<PoolerPlan, "name">): string {
  return `${name}-tls`;
}

export function poolerLabels({ name }: Pick<PoolerPlan, "name">): Record<string, string> {
  return { "app.kubernetes.io/name": "pgbouncer", "app.kubernetes.io/instance": name };
}

export function poolerIni(plan: PoolerPlan): string {
  const config: PoolerConfig = {
    database: plan.database,
    server: { host: groupHost({ name: plan.cluster, namespace: plan.namespace }, 0), port: 5432 },
    listen: { address: "0.0.0.0", port },
    pooling: plan.pooling,
    serverConnections: plan.serverConnections,
    clients: plan.clients,
    paths,
  };
  return poolerConfig(config, poolerSettings(config));
}

export function poolerService(plan: PoolerPlan): types.input.core.v1.Service {
  return {
    metadata: metadata(plan),
    spec: { selector: poolerLabels(plan), ports: [{ name: "postgresql", port: servicePort, targetPort: port }] },
  };
}

/** Allows only one pod to be evicted at a time. */
export function poolerBudget(plan: PoolerPlan) {
  return { metadata: metadata(plan), spec: { maxUnavailable: 1, selector: { matchLabels: poolerLabels(plan) } } };
}

/** Lets in pods with the label of the database's clients, and lets out connections to the coordinator and to DNS. */
export function poolerPolicy(plan: PoolerPlan) {
  const clients = { namespaceSelector: {}, podSelector: { matchLabels: clientLabel({ name: plan.cluster }) } };
  const coordinator = { podSelector: { matchLabels: groupLabels({ name: plan.cluster }, 0) } };
  const dns = ["TCP", "UDP"].map((protocol) => ({ protocol, port: 53 }));
  return {
    metadata: metadata(plan),
    spec: {
      podSelector: { matchLabels: poolerLabels(plan) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [clients], ports: [{ protocol: "TCP", port }] }],
      egress: [{ to: [coordinator], ports: [{ protocol: "TCP", port: 5432 }] }, { ports: dns }],
    },
  };
}

export function poolerDeployment(plan: PoolerPlan) {
  const labels = poolerLabels(plan);
  return {
    metadata: metadata(plan),
    spec: {
      replicas: plan.replicas,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: podTemplate(plan),
    },
  } satisfies types.input.apps.v1.Deployment;
}

function podTemplate(plan: PoolerPlan): types.input.core.v1.PodTemplateSpec {
  const digest = createHash("sha256").update(JSON.stringify([poolerIni(plan), plan.roles, plan.rotation]));
  return {
    metadata: {
      // The pooler is itself a client of the database.
      labels: { ...poolerLabels(plan), ...clientLabel({ name: plan.cluster }) },
      // PgBouncer reads its files only at start, so a change restarts the pods.
      annotations: { "tenantry.io/config": digest.digest("hex").slice(0, 16) },
    },
    spec: {
      automountServiceAccountToken: false,
      securityContext: podSecurity,
      terminationGracePeriodSeconds: 60,
      affinity: { podAntiAffinity: podAntiAffinity(plan) },
      containers: [
        {
          name: "pgbouncer",
          image: plan.image,
          imagePullPolicy: "IfNotPresent",
          command: ["pgbouncer", `${paths.config}/pgbouncer.ini`],
          ports: [{ name: "postgresql", containerPort: port }],
          resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { memory: "256Mi" } },
          securityContext: containerSecurity,
          readinessProbe: { ...probe(plan), failureThreshold: 2, periodSeconds: 3 },
          livenessProbe: { ...probe(plan), failureThreshold: 6, periodSeconds: 10 },
          lifecycle: { preStop: { exec: { command: ["sh", "-c", gentleStop] } } },
          volumeMounts: [
            { name: "config", mountPath: paths.config, readOnly: true },
            { name: "users", mountPath: paths.usersFolder, readOnly: true },
            { name: "tls", mountPath: paths.tls, readOnly: true },
            { name: "authority", mountPath: paths.authorityFolder, readOnly: true },
            { name: "sockets", mountPath: paths.sockets },
          ],
        },
      ],
      volumes: [
        { name: "config", configMap: { name: plan.name } },
        { name: "users", secret: { secretName: usersSecret(plan), defaultMode: 0o440 } },
        { name: "tls", secret: { secretName: poolerTls(plan), defaultMode: 0o440 } },
        { name: "authority", configMap: { name: authorityMap({ name: plan.cluster }) } },
        { name: "sockets", emptyDir: {} },
      ],
    },
  };
}

/**
 * Waits until the Service sends no new client to the pod, then lets transactions end by SIGINT. The SIGTERM that follows alone
 * would wait for clients that never disconnect.
 */
const gentleStop = "sleep 5; kill -INT 1; sleep 50";

/** The probe names an existing role and database, because otherwise each probe would log an error. */
function probe({ database, roles }: PoolerPlan) {
  const where = [`--host=${paths.sockets}`, `--port=${port}`, `--dbname=${database}`, `--username=${roles[0]}`];
  return { exec: { command: ["pg_isready", "--quiet", ...where] }, timeoutSeconds: 5 };
}

function podAntiAffinity(plan: PoolerPlan): types.input.core.v1.PodAntiAffinity {
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: poolerLabels(plan) } };
  return plan.spread === "required"
    ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
    : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] };
}

function metadata(plan: PoolerPlan) {
  return { name: plan.name, namespace: plan.namespace, labels: poolerLabels(plan) };
}
