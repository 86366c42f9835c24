import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import * as pulumi from "@pulumi/pulumi";

interface GeneratedSecretArgs {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly type: "kubernetes.io/tls" | "kubernetes.io/basic-auth";
  /** A different number replaces the values. */
  readonly rotation: number;
  readonly values: Readonly<Record<string, pulumi.Input<string>>>;
  readonly protect?: boolean;
}

const rotationKey = "tenantry.io/rotation";

/**
 * A Secret with generated values. Each run of the program generates new ones, but they are used only if the Secret does not
 * exist or is rotated. They are encrypted in Pulumi's state, and the program reads the values that the cluster holds.
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
      // Pods mount it by its name, which two Secrets can't share.
      deleteBeforeReplace: true,
      additionalSecretOutputs: ["data"],
    },
  );
}

/** Encodes values for a Secret's `data`. */
export function secretData(values: Readonly<Record<string, pulumi.Input<string>>>) {
  return pulumi.all(values).apply((known) => mapValues(known, (text) => Buffer.from(text).toString("base64")));
}

/** A value as the cluster holds it. */
export function secretValue(secret: Secret, key: string): pulumi.Output<string> {
  return secret.data.apply((data) => Buffer.from(data?.[key] ?? "", "base64").toString());
}

function mapValues(values: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, change(text)]));
}
