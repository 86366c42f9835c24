/** What KafkaCluster and KafkaConnect share of Strimzi, the operator that runs both. */

/** Of the chart, and of the images that `images/connect` is made from. Serves `kafka.strimzi.io/v1` alone. */
export const strimziVersion = "1.2.0";
/** The newest that this Strimzi runs. */
export const kafkaVersion = "4.3.1";
export const strimziApi = "kafka.strimzi.io/v1";

/**
 * The operator takes a resource that waits for its dependents' end for an edited one, and makes again what it loses, such
 * as the authority: then its own calls fail for minutes, and so does whatever comes next under the same name.
 */
export const backgroundDeletion = { "pulumi.com/deletionPropagationPolicy": "background" };

/** Pulumi waits until the operator has done what the newest edit asks for. */
export const waitForReady = { "pulumi.com/waitFor": "condition=Ready", ...backgroundDeletion };

/** For every container of Strimzi's images: user 1001 of group 0, which writes to its volumes and /tmp alone. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/**
 * Strimzi knows no startup probe: a server that starts slowly on a busy machine would be killed for it, again and again.
 * One that is really gone ends by itself.
 */
export const lenientProbes = {
  livenessProbe: { initialDelaySeconds: 180, timeoutSeconds: 15, periodSeconds: 10, failureThreshold: 6 },
  readinessProbe: { initialDelaySeconds: 5, timeoutSeconds: 15, periodSeconds: 5, failureThreshold: 6 },
};

/** Group 0 is the images' own; Strimzi itself asks for it where there are volumes. */
export const podSecurity = {
  runAsNonRoot: true,
  fsGroup: 0,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

/** Pods of the same labels on different machines, and in different zones if it can be. */
export function podAntiAffinity(spread: "required" | "preferred", labels: Readonly<Record<string, string>>) {
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: labels } };
  return {
    affinity: {
      podAntiAffinity:
        spread === "required"
          ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
          : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: labels },
      },
    ],
  };
}
