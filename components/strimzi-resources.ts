/** Values that KafkaCluster and KafkaConnect share. The operator Strimzi runs both. */

/** The version of Strimzi's chart and of the base of `images/connect`. It serves only `kafka.strimzi.io/v1`. */
export const strimziVersion = "1.2.0";
/** The newest version of Kafka that this Strimzi runs. */
export const kafkaVersion = "4.3.1";
export const strimziApi = "kafka.strimzi.io/v1";

/**
 * Deletes a resource before its dependents. In the foreground, the operator would treat the waiting resource as edited and
 * recreate what it loses, such as the authority; then it fails for minutes, and so does a new resource of the same name.
 */
export const backgroundDeletion = { "pulumi.com/deletionPropagationPolicy": "background" };

/** Makes Pulumi wait until the operator has applied the newest change. */
export const waitForReady = { "pulumi.com/waitFor": "condition=Ready", ...backgroundDeletion };

/** The security context of containers of Strimzi's images. They run as user 1001 of group 0 and write only to their volumes and /tmp. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/**
 * Strimzi supports no startup probe, so strict probes would kill a server that starts slowly on a busy machine, again and
 * again. A server that has really failed exits by itself.
 */
export const lenientProbes = {
  livenessProbe: { initialDelaySeconds: 180, timeoutSeconds: 15, periodSeconds: 10, failureThreshold: 6 },
  readinessProbe: { initialDelaySeconds: 5, timeoutSeconds: 15, periodSeconds: 5, failureThreshold: 6 },
};

/** The images run in group 0, which Strimzi itself requires for pods with volumes. */
export const podSecurity = {
  runAsNonRoot: true,
  fsGroup: 0,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

/** Spreads pods with these labels over machines and, if possible, over zones. */
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
