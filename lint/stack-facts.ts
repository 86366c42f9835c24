import { z } from "zod";
import type { Place, Problem } from "../common/problem";
import type { Source } from "../common/source";
import { stackOf } from "../common/stack-name";
import { parseYaml } from "../common/yaml-file";

/** A file `Pulumi.STACK.yaml` without validation; `loadSettings` reports its problems. */
export interface StackFacts {
  /** Name of the stack: `prod`. */
  readonly stack: string;
  /** The value of one of tenantry's keys: `get("kubernetes", "protect")` for `tenantry:kubernetes: { protect: … }`. */
  get(key: string, ...path: string[]): unknown;
  placeOf(key: string, ...path: string[]): Place;
  /** Tables that the lint configuration allows stacks to drop. @default none */
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

/** True for a stack with real users, whose data cannot be recreated. */
export function isProduction(stack: string): boolean {
  return /^prod(uction)?(\b|[-_])/.test(stack);
}

/** True for a host name or address of this machine, which no other machine reaches. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127\.[\d.]+|\[?::1\]?)$/.test(host);
}

function partOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
