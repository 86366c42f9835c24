import { join } from "node:path";
import { parse } from "yaml";
import { readIfThere } from "./files";

/** The application that a stack applies, as far as the platform must know it. */
export interface StackApplication {
  readonly name: string;
  readonly roles: readonly string[];
}

/**
 * Looks into the stack's file and the application's description, and takes what it understands: reading them properly,
 * with every problem reported, is the stack's own work later on.
 */
export function stackApplication(root: string, stack = "local"): StackApplication {
  const settings = mapping(mapping(load(join(root, "stacks", `Pulumi.${stack}.yaml`)))["config"]);
  const chosen = settings["tenantry:application"];
  const name = typeof chosen === "string" && /^[\w-]+$/.test(chosen) ? chosen : "ecommerce";
  const described = mapping(load(join(root, "sql", name, "architecture.yaml")));
  const roles = Object.keys(mapping(described["roles"]));
  return { name, roles: roles.length > 0 ? roles : ["app", "agent"] };
}

function load(path: string): unknown {
  try {
    return parse(readIfThere(path) ?? "");
  } catch {
    return undefined;
  }
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
