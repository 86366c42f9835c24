import { z } from "zod";
import type { Address } from "../common/address";

/**
 * How `pulumi up` and other clients outside the cluster reach the servers in it. Only the networks in `from` may
 * connect, by their addresses as the pods see them.
 */
export type Access =
  /** By the names of Services: the program runs in the cluster, or in a network that resolves these names. */
  | { readonly by: "cluster" }
  /** A load balancer for each server. */
  | {
      readonly by: "loadBalancer";
      readonly from: readonly string[];
      /** Annotations for the cloud, for example to make the load balancer internal. @default none */
      readonly annotations: Readonly<Record<string, string>>;
    }
  /** Fixed ports of the machines, starting at `firstPort`. */
  | { readonly by: "nodePort"; readonly from: readonly string[]; readonly host: string; readonly firstPort: number }
  /** Addresses that exist already, such as those of a proxy. */
  | {
      readonly by: "addresses";
      readonly from: readonly string[];
      readonly coordinator: Address;
      /** In the order of the workers. */
      readonly workers: readonly Address[];
      /** In the order of the brokers, because each broker tells clients its own address. */
      readonly kafka: readonly Address[];
      /** Base of Connect's REST interface. */
      readonly connect: string;
    };

/**
 * The start of the range of NodePorts. Kubernetes assigns this part of it last, so other Services are unlikely to have
 * these ports.
 */
const firstNodePort = 30_000;

/** The port of each server on the machines. Adding or removing a worker does not change the ports of other servers. */
export function nodePorts(firstPort: number) {
  return {
    coordinator: firstPort,
    connect: firstPort + 1,
    kafka: firstPort + 2,
    /** @param id from 0 to 16 */
    broker: (id: number) => firstPort + 3 + id,
    /** @param group from 1 on */
    worker: (group: number) => firstPort + 20 + group,
  };
}

const addressExpected = "`HOST:PORT`";
const address = z
  .string(addressExpected)
  .regex(/^[^\s:/]+:[1-9]\d{0,4}$/, addressExpected)
  .transform((text): Address => {
    const [host = "", port = ""] = text.split(":");
    return { host, port: Number(port) };
  });
const networkExpected = "a network such as `10.0.0.0/8`";
const networks = z.array(z.union([z.cidrv4(), z.cidrv6()], networkExpected), "a list such as `[10.0.0.0/8]`");
const someNetworks = networks.min(1, "at least one network that may connect");
const firstPort = z.preprocess(
  (value) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value),
  z
    .int("a port from 30000 to 32683")
    .min(firstNodePort, "a port from 30000 to 32683")
    .max(32_683, "a port from 30000 to 32683"),
);
const url = "an address such as `http://connect.example.com:8083`, without a slash at the end";
const oneWay = "one of `cluster`, `loadBalancer`, `nodePort` and `addresses`";

/** `tenantry:kubernetes.access` of a stack file. */
export const accessSchema = z
  .preprocess(
    (value) => (value === "cluster" ? { cluster: {} } : value),
    z.strictObject(
      {
        cluster: z.strictObject({}).exactOptional(),
        loadBalancer: z
          .strictObject({ from: someNetworks, annotations: z.record(z.string(), z.string()).default({}) })
          .exactOptional(),
        nodePort: z
          .strictObject({
            from: someNetworks,
            host: z.string("the name or address of a machine of the cluster").min(1),
            firstPort: firstPort.default(firstNodePort),
          })
          .exactOptional(),
        addresses: z
          .strictObject({
            from: networks.default([]),
            coordinator: address,
            workers: z.array(address).min(1, "an address for each worker"),
            kafka: z.array(address).min(1, "an address for each broker"),
            connect: z.string(url).regex(/^https?:\/\/[^\s/]+(\/[^\s]*[^\s/])?$/, url),
          })
          .exactOptional(),
      },
      oneWay,
    ),
  )
  .transform((ways, context): Access => {
    const [way, ...others] = Object.entries(ways);
    if (way && others.length === 0) return { by: way[0], ...way[1] } as Access;
    context.addIssue({ code: "custom", message: oneWay });
    return z.NEVER;
  });
