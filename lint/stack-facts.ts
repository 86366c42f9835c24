import { z } from "zod";
import type { Place, Problem } from "../common/problem";
import type { Source } from "../common/source";
import { stackOf } from "../common/stack-name";
import { parseYaml } from "../common/yaml-file";

/** A file `Pulumi.STACK.yaml`, as it is written: what is wrong with its shape is for `loadSettings` to say. */
export interface StackFacts {
  /** Its name: `prod`. */
  readonly stack: string;
  /** What the stack's own keys hold: `get("kubernetes", "protect")` for `tenantry:kubernetes: { protect: … }`. */
  get(key: string, ...path: string[]): unknown;
  placeOf(key: string, ...path: string[]): Place;
  /** Tables that may be dropped, by the lint configuration. @default none */
  readonly drops: readonly string[];
}

const form = { schema: z.object({ config: z.record(z.string(), z.unknown()) }), noun: "The stack file" };

export function readStack(source: Source, drops: readonly string[]): StackFacts | Problem[] {
  const parsed = parseYaml(source, form);
  if (Array.isArray(parsed)) return parsed;
  const config = parsed.value.config;
  return {
    stack: stackOf(source.path) ?? "",
    get: (key, ...path) => path.reduce((value: unknown, each) => partOf(value, each), config[`tenantry:${key}`]),
    placeOf: (key, ...path) => parsed.placeOf("config", `tenantry:${key}`, ...path),
    drops,
  };
}

/** Whether the stack is of users: what is lost there is lost for good. */
export function isProduction(stack: string): boolean {
  return /^prod(uction)?(\b|[-_])/.test(stack);
}

/** Whether a host is this machine, which nobody else listens on. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127\.[\d.]+|\[?::1\]?)$/.test(host);
}

function partOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
