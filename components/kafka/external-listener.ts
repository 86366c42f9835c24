import { type Access, nodePorts } from "../../settings/access";

interface Named {
  readonly name: string;
  readonly namespace: string;
}

export const externalPort = 9094;

/** The bootstrap Service for clients outside the cluster, made by Strimzi. */
export function externalBootstrap({ name, namespace }: Named): string {
  return `${namespace}/${name}-kafka-external-bootstrap`;
}

/**
 * The listener for clients outside the cluster; none if there are no such clients. Each broker announces an address that they
 * can reach, and Strimzi puts it into the broker's certificate.
 */
export function externalListeners(access: Access, brokers: number): object[] {
  if (access.by === "cluster") return [];
  const common = {
    name: "external",
    port: externalPort,
    tls: true,
    authentication: { type: "scram-sha-512" },
    networkPolicyPeers: access.from.map((cidr) => ({ ipBlock: { cidr } })),
  };
  const each = (of: (broker: number) => object) =>
    Array.from({ length: brokers }, (_, broker) => ({ broker, ...of(broker) }));
  switch (access.by) {
    case "loadBalancer": {
      const { annotations, from } = access;
      const configuration = {
        externalTrafficPolicy: "Local",
        loadBalancerSourceRanges: [...from],
        bootstrap: { annotations },
        brokers: each(() => ({ annotations })),
      };
      return [{ ...common, type: "loadbalancer", configuration }];
    }
    case "nodePort": {
      const ports = nodePorts(access.firstPort);
      const configuration = {
        bootstrap: { nodePort: ports.kafka, alternativeNames: [access.host] },
        brokers: each((broker) => ({
          nodePort: ports.broker(broker),
          advertisedHost: access.host,
          advertisedPort: ports.broker(broker),
        })),
      };
      return [{ ...common, type: "nodeport", configuration }];
    }
    case "addresses": {
      const configuration = {
        bootstrap: { alternativeNames: [...new Set(access.kafka.map(({ host }) => host))] },
        brokers: each((broker) => ({
          advertisedHost: access.kafka[broker]?.host,
          advertisedPort: access.kafka[broker]?.port,
        })),
      };
      return [{ ...common, type: "cluster-ip", configuration }];
    }
  }
}
