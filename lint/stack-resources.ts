import type { Place } from "../common/problem";

/** The stack whose program declares a resource. */
export interface StackOfResources {
  readonly stack: string;
  readonly consistency: "strong" | "bounded" | "eventual";
}

/** A resource that a program declares, from Pulumi's engine or its mocks. */
export interface DeclaredResource {
  /** Pulumi's type name: `kubernetes:apps/v1:StatefulSet`, `tenantry:index:Connector`. */
  readonly type: string;
  readonly name: string;
  /** Inputs of the resource. A value that is unknown before the servers run is `unknownYet`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** True if `pulumi destroy` refuses to delete the resource. */
  readonly protect: boolean;
}

/** The place of a finding on a resource. */
export function placeOfResource({ type, name }: DeclaredResource): Place {
  return { file: `${type} ${name}` };
}

/** A container of a pod. */
export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly ports?: readonly { readonly hostPort?: unknown }[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, unknown>>;
    readonly limits?: Readonly<Record<string, unknown>>;
  };
}

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly hostNetwork?: unknown;
}

/** The pod that a resource creates: itself, its template, or that of a CronJob's job. */
export function podOf({ type, inputs }: DeclaredResource): PodSpec | undefined {
  if (!/^kubernetes:(core|apps|batch)\//.test(type)) return undefined;
  const spec = part(inputs, "spec");
  const template = part(part(part(spec, "jobTemplate"), "spec"), "template") ?? part(spec, "template");
  const pod = type.endsWith(":Pod") ? spec : part(template, "spec");
  return pod as PodSpec | undefined;
}

export function containersOf(resource: DeclaredResource): readonly Container[] {
  const { containers = [], initContainers = [] } = podOf(resource) ?? {};
  return [...initContainers, ...containers];
}

/** A property of an object; undefined if the value is no object. */
export function part(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
