import type { types } from "@pulumi/kubernetes";

type Container = types.input.core.v1.Container;

interface CommandPodArgs {
  readonly labels: Readonly<Record<string, string>>;
  readonly securityContext: types.input.core.v1.PodSecurityContext;
  readonly container: Omit<Container, "imagePullPolicy">;
  /** @default none */
  readonly volumes?: types.input.core.v1.Volume[];
}

/** The pod of a Job that runs one command and has no permissions in the cluster. */
export function commandPod(args: CommandPodArgs) {
  const { labels, securityContext, volumes } = args;
  const { name, image, ...container } = args.container;
  return {
    metadata: { labels },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext,
      containers: [{ name, image, imagePullPolicy: "IfNotPresent", ...container }],
      ...(volumes && { volumes }),
    },
  };
}
