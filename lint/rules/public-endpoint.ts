import type { Finding, Rule } from "../rule";
import { containersOf, type DeclaredResource, part, placeOfResource, podOf } from "../stack-resources";

export const publicEndpoint: Rule = {
  name: "public-endpoint",
  severity: "error",
  harm: "A database or a broker that the internet can reach is attacked within minutes.",
  checkResource: exposures,
};

function exposures(resource: DeclaredResource): Finding[] {
  const how = exposedBy(resource);
  if (how === undefined) return [];
  return [
    {
      what: `\`${resource.name}\` can be reached from outside of the cluster: ${how}`,
      fix: "Use a Service of type ClusterIP, and let clients run in the cluster or come by a private network",
      at: placeOfResource(resource),
    },
  ];
}

function exposedBy(resource: DeclaredResource): string | undefined {
  const { type, inputs } = resource;
  const spec = part(inputs, "spec");
  if (/^kubernetes:core\/v1:Service$/.test(type)) {
    const kind = part(spec, "type");
    const isOutside = kind === "LoadBalancer" || kind === "NodePort";
    if (isOutside && !isInternal(inputs)) return `Service of type ${kind}`;
    return part(spec, "externalIPs") ? "externalIPs" : undefined;
  }
  if (/:(Ingress|HTTPRoute|TCPRoute|Route)$/.test(type) && type.startsWith("kubernetes:"))
    return type.split(":").at(-1);
  if (/:Kafka$/.test(type)) {
    const listeners = part(part(spec, "kafka"), "listeners");
    const kinds = (Array.isArray(listeners) ? listeners : []).map((each) => part(each, "type"));
    const outside = kinds.find(
      (kind) => kind === "loadbalancer" || kind === "nodeport" || kind === "ingress" || kind === "route",
    );
    return outside === undefined ? undefined : `listener of type ${String(outside)}`;
  }
  if (podOf(resource)?.hostNetwork === true) return "hostNetwork";
  return containersOf(resource).some(({ ports = [] }) => ports.some(({ hostPort }) => hostPort !== undefined))
    ? "hostPort"
    : undefined;
}

/** True if the clouds' annotations give the load balancer an address in the private network only. */
function isInternal(inputs: Readonly<Record<string, unknown>>): boolean {
  const annotations = part(part(inputs, "metadata"), "annotations");
  return Object.entries(annotations ?? {}).some(
    ([key, value]) =>
      (/aws-load-balancer-(scheme|internal)$/.test(key) && /^(internal|true)$/.test(String(value))) ||
      (/azure-load-balancer-internal$/.test(key) && String(value) === "true") ||
      (/load-balancer-type$/.test(key) && String(value) === "Internal"),
  );
}
