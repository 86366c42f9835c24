import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import * as pulumi from "@pulumi/pulumi";

export interface GeneratedSecretArgs {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly type: "kubernetes.io/tls" | "kubernetes.io/basic-auth";
  /** Another number replaces the values. */
  readonly rotation: number;
  readonly values: Readonly<Record<string, pulumi.Input<string>>>;
  readonly protect?: boolean;
}

const rotationKey = "tenantry.io/rotation";

/**
 * A Secret whose values each run of the program makes anew, but which are taken only when there is none yet or when it is
 * rotated. They are encrypted in Pulumi's state, and read from what the cluster holds.
 */
export function generatedSecret(logicalName: string, args: GeneratedSecretArgs, parent: pulumi.Resource): Secret {
  const { name, namespace, labels, type, rotation, values } = args;
  return new Secret(
    logicalName,
    {
      metadata: { name, namespace, labels: { ...labels }, annotations: { [rotationKey]: String(rotation) } },
      type,
      data: pulumi.secret(secretData(values)),
    },
    {
      parent,
      protect: args.protect ?? false,
      ignoreChanges: ["data"],
      replaceOnChanges: [`metadata.annotations["${rotationKey}"]`],
      // Those who mount it know it by its name, which no two can have.
      deleteBeforeReplace: true,
      additionalSecretOutputs: ["data"],
    },
  );
}

/** Values as a Secret's `data`. */
export function secretData(values: Readonly<Record<string, pulumi.Input<string>>>) {
  return pulumi.all(values).apply((known) => mapValues(known, (text) => Buffer.from(text).toString("base64")));
}

/** The values as the cluster holds them. */
export function secretValue(secret: Secret, key: string): pulumi.Output<string> {
  return secret.data.apply((data) => Buffer.from(data?.[key] ?? "", "base64").toString());
}

function mapValues(values: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, change(text)]));
}
