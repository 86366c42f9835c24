import type { types } from "@pulumi/kubernetes";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import * as pulumi from "@pulumi/pulumi";
import type { Address } from "../common/address";
import type { Access } from "../settings/access";

/** A server in the cluster that is reached from outside. */
export interface ReachedServer {
  /** Unique in the namespace: the name of its Service. */
  readonly name: string;
  /** Labels of the pods that answer for it, at any time one that is right. */
  readonly selector: Readonly<Record<string, string>>;
  readonly port: number;
  /** The port of the machines that leads to it, where access is by these. */
  readonly nodePort: number;
  /** Where somebody else makes it reachable, where access is by that. */
  readonly given?: Address;
}

export interface ExternalAccessArgs {
  readonly namespace: string;
  readonly access: Exclude<Access, { readonly by: "cluster" }>;
  readonly servers: readonly ReachedServer[];
}

/**
 * The way to servers from outside the cluster: a Service for each where the cluster makes the way, and for all of them
 * what lets in the networks that are declared, and no others.
 *
 * @example new ExternalAccess("citus", { namespace, access, servers }, { provider, dependsOn: cluster.ready })
 */
export class ExternalAccess extends pulumi.ComponentResource {
  /** Where each server is reached, by its name. */
  readonly addresses: pulumi.Output<Readonly<Record<string, Address>>>;

  constructor(
    name: string,
    { namespace, access, servers }: ExternalAccessArgs,
    options: pulumi.ComponentResourceOptions,
  ) {
    super("tenantry:index:ExternalAccess", name, {}, options);
    for (const policy of policies(namespace, access, servers)) {
      new NetworkPolicy(`${name}-${policy.metadata.name}`, policy, { parent: this });
    }
    const found = servers.map((server) => {
      const args = serviceOf(namespace, access, server);
      const made = args && new Service(`${name}-${server.name}`, args, { parent: this });
      return pulumi
        .output(made?.status)
        .apply((status) => [server.name, addressOf(access, server, status?.loadBalancer?.ingress)] as const);
    });
    this.addresses = pulumi.all(found).apply(Object.fromEntries<Address>);
    this.registerOutputs({ addresses: this.addresses });
  }
}

/** The Service that leads to a server; none where somebody else makes the way. */
export function serviceOf(namespace: string, access: ExternalAccessArgs["access"], server: ReachedServer) {
  if (access.by === "addresses") return undefined;
  const { name, selector, port, nodePort } = server;
  const common = { selector, ports: [{ port, targetPort: port, ...(access.by === "nodePort" && { nodePort }) }] };
  const spec: types.input.core.v1.ServiceSpec =
    access.by === "nodePort"
      ? { ...common, type: "NodePort" }
      : {
          ...common,
          type: "LoadBalancer",
          // Keeps the client's address, by which it is let in.
          externalTrafficPolicy: "Local",
          loadBalancerSourceRanges: [...access.from],
        };
  const annotations = access.by === "loadBalancer" ? access.annotations : {};
  return { metadata: { name, namespace, annotations }, spec };
}

/** One for each set of pods, however many servers it answers for. */
export function policies(
  namespace: string,
  { from }: Access & { from: readonly string[] },
  servers: readonly ReachedServer[],
) {
  if (from.length === 0) return [];
  return servers.map(({ name, selector, port }) => ({
    metadata: { name, namespace },
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress"],
      ingress: [{ from: from.map((cidr) => ({ ipBlock: { cidr } })), ports: [{ protocol: "TCP", port }] }],
    },
  }));
}

/** @param ingress what the cluster says of a load balancer, once it is there */
export function addressOf(
  access: ExternalAccessArgs["access"],
  { name, port, nodePort, given }: ReachedServer,
  ingress: readonly { readonly ip?: string; readonly hostname?: string }[] | undefined,
): Address {
  switch (access.by) {
    case "nodePort":
      return { host: access.host, port: nodePort };
    case "addresses":
      if (!given) throw new Error(`${name} has no address`);
      return given;
    case "loadBalancer":
      // Not there yet in a preview: shown as what it will be.
      return { host: ingress?.[0]?.ip ?? ingress?.[0]?.hostname ?? `[load balancer of ${name}]`, port };
  }
}
