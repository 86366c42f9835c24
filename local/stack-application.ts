import { join } from "node:path";
import { parse } from "yaml";
import { draftPlan } from "../architecture/plan/plan";
import { workloadSchema } from "../architecture/plan/workload";
import { tenantsSchema } from "../architecture/tenancy/tenants";
import { readIfThere } from "./files";

/** The application that a stack applies, as far as the platform must know it. */
export interface StackApplication {
  readonly name: string;
  readonly roles: readonly string[];
  /** Where tenants have a schema or a silo each: which, and their names. */
  readonly tenancy?: { readonly model: "schema" | "silo"; readonly tenants: readonly string[] };
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
  const tenancy = tenancyOf(settings);
  return { name, roles: roles.length > 0 ? roles : ["app", "agent"], ...(tenancy && { tenancy }) };
}

function tenancyOf(settings: Readonly<Record<string, unknown>>): StackApplication["tenancy"] {
  const model = settings["tenantry:tenancy"] ?? mapping(settings["tenantry:plan"])["model"] ?? plannedModel(settings);
  const listed = tenantsSchema.safeParse(settings["tenantry:tenants"]);
  if (!listed.success || (model !== "schema" && model !== "silo")) return undefined;
  return { model, tenants: listed.data.map(({ name }) => name) };
}

function plannedModel(settings: Readonly<Record<string, unknown>>): unknown {
  const workload = workloadSchema.safeParse(settings["tenantry:workload"]);
  return workload.success ? draftPlan(workload.data).values.model.value : undefined;
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
