import * as pulumi from "@pulumi/pulumi";
import type { Endpoints } from "../architecture/endpoints";
import { type Address, formatAddress } from "../common/address";
import { type Access, nodePorts } from "../settings/access";
import type { KubernetesSettings } from "../settings/kubernetes-settings";
import { groupHost, groupLabels, groupName, groupsOf } from "./citus/citus-names";
import { restPort, workerLabels } from "./connect/connect-names";
import { ExternalAccess, type ReachedServer } from "./external-access";
import type { KafkaCluster } from "./kafka-cluster";
import { componentNames } from "./kubernetes-endpoints";

interface Placed {
  readonly name: string;
  readonly namespace: string;
}

type Outside = Exclude<Access, { readonly by: "cluster" }>;

const port = 5432;

/** Makes the stack's servers reachable for a program outside the cluster; undefined if the program runs inside. */
export function reachFromOutside(
  { access, namespace, workers }: KubernetesSettings,
  kafka: Pick<KafkaCluster, "externalServers">,
  options: pulumi.ComponentResourceOptions,
) {
  if (access.by === "cluster") return undefined;
  const citus = { name: componentNames.citus, namespace, workers };
  const servers = [...reachedDatabases(citus, access), reachedConnect({ name: componentNames.connect }, access)];
  const way = new ExternalAccess("access", { namespace, access, servers }, options);
  const found = pulumi.all([way.addresses, kafka.externalServers]);
  const reached = (inside: Endpoints) =>
    found.apply(([addresses, bootstrapServers]) =>
      outsideEndpoints(inside, access, citus, addresses, bootstrapServers),
    );
  return { ready: [way], reached };
}

/** The primaries of a Citus cluster. All must be reachable because the program makes a slot on each of them. */
export function reachedDatabases(citus: Placed & { readonly workers: number }, access: Outside): ReachedServer[] {
  const ports = nodePorts(access.by === "nodePort" ? access.firstPort : 0);
  return groupsOf(citus).map((group) => {
    const given = access.by !== "addresses" ? undefined : group === 0 ? access.coordinator : access.workers[group - 1];
    return {
      name: accessName(citus, group),
      // Patroni moves the label when another pod becomes the primary.
      selector: { ...groupLabels(citus, group), role: "primary" },
      port,
      nodePort: group === 0 ? ports.coordinator : ports.worker(group),
      ...(given && { given }),
    };
  });
}

/** Kafka Connect's workers as one server; any worker may answer. */
export function reachedConnect(connect: Pick<Placed, "name">, access: Outside): ReachedServer {
  const { connect: nodePort } = nodePorts(access.by === "nodePort" ? access.firstPort : 0);
  const at = access.by === "addresses" ? new URL(access.connect) : undefined;
  return {
    name: `${connect.name}-access`,
    selector: workerLabels(connect),
    port: restPort,
    nodePort,
    ...(at && { given: { host: at.hostname, port: Number(at.port || (at.protocol === "https:" ? 443 : 80)) } }),
  };
}

/** The endpoints with addresses for use from outside. Servers keep their names, because their certificates are checked by them. */
export function outsideEndpoints(
  inside: Endpoints,
  access: Outside,
  citus: Placed & { readonly workers: number },
  addresses: Readonly<Record<string, Address>>,
  bootstrapServers: readonly string[],
): Endpoints {
  const databases = groupsOf(citus).flatMap((group) => {
    const at = addresses[accessName(citus, group)];
    return at ? [[formatAddress({ host: groupHost(citus, group), port }), at] as const] : [];
  });
  const connect = addresses[`${componentNames.connect}-access`];
  const url = access.by === "addresses" ? access.connect : connect && `http://${formatAddress(connect)}`;
  return {
    postgres: { ...inside.postgres, addresses: Object.fromEntries(databases) },
    kafka: { ...inside.kafka, bootstrapServers },
    connect: { ...inside.connect, ...(url !== undefined && { url }) },
  };
}

function accessName(citus: Placed, group: number): string {
  return `${groupName(citus, group)}-access`;
}
