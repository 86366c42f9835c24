import type { types } from "@pulumi/kubernetes";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import * as pulumi from "@pulumi/pulumi";
import type { Address } from "../common/address";
import type { Access } from "../settings/access";

/** A server in the cluster that clients outside it use. */
export interface ReachedServer {
  /** The name of its Service, unique in the namespace. */
  readonly name: string;
  /** Labels that select the pods that serve it. */
  readonly selector: Readonly<Record<string, string>>;
  readonly port: number;
  /** Its node port, if access is by node ports. */
  readonly nodePort: number;
  /** Its address, if someone else makes the server reachable (access by `addresses`). */
  readonly given?: Address;
}

export interface ExternalAccessArgs {
  readonly namespace: string;
  readonly access: Exclude<Access, { readonly by: "cluster" }>;
  readonly servers: readonly ReachedServer[];
}

/**
 * Makes servers reachable from outside the cluster: a Service for each, unless someone else provides the addresses, and
 * network policies that let in only the declared networks.
 *
 * @example new ExternalAccess("citus", { namespace, access, servers }, { provider, dependsOn: cluster.ready })
 */
export class ExternalAccess extends pulumi.ComponentResource {
  /** The address of each server, by its name. */
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

/** The Service for a server; undefined if someone else provides its address. */
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
          // Keeps the client's address, which the network policy checks.
          externalTrafficPolicy: "Local",
          loadBalancerSourceRanges: [...access.from],
        };
  const annotations = access.by === "loadBalancer" ? access.annotations : {};
  return { metadata: { name, namespace, annotations }, spec };
}

/** One network policy for each set of pods, even if the pods serve several servers. */
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

/** @param ingress the load balancer's status, once it exists */
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
      // A preview has no address yet and shows this placeholder.
      return { host: ingress?.[0]?.ip ?? ingress?.[0]?.hostname ?? `[load balancer of ${name}]`, port };
  }
}
