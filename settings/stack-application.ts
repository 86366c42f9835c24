import { join } from "node:path";
import { parse } from "yaml";
import { tenantsSchema } from "../architecture/tenancy/tenants";
import { Problems } from "../common/problem";
import { readIfThere } from "../common/system/files";
import { draftPlan } from "../planner/planner";
import { workloadSchema } from "../planner/workload";

/** The parts of a stack's application that the platform needs. */
export interface StackApplication {
  readonly name: string;
  readonly roles: readonly string[];
  /** The tenancy model and the tenants' names, if each tenant has a schema or a silo. */
  readonly tenancy?: { readonly model: "schema" | "silo"; readonly tenants: readonly string[] };
}

/**
 * Reads the stack file and the application's description leniently: it skips what it can't read, because `tenantry up`
 * reads both in full and reports every problem.
 *
 * @throws Problems if the stack file is missing, can't be read, or names no application
 */
export function stackApplication(root: string, stack = "local"): StackApplication {
  const file = join("stacks", `Pulumi.${stack}.yaml`);
  const settings = mapping(mapping(load(join(root, file))).config);
  const name = settings["tenantry:application"];
  if (typeof name !== "string" || !/^[\w-]+$/.test(name)) throw new Problems([noApplication(file)]);
  const described = mapping(load(join(root, "sql", name, "architecture.yaml")));
  const roles = Object.keys(mapping(described.roles));
  const tenancy = tenancyOf(settings);
  return { name, roles, ...(tenancy && { tenancy }) };
}

function noApplication(file: string) {
  return {
    what: "The stack file says of no application that the servers are for it",
    expected: "`tenantry:application: NAME` under `config`, with a folder sql/NAME",
    fix: "Add it, or choose another stack with -s",
    at: { file },
  };
}

function tenancyOf(settings: Readonly<Record<string, unknown>>): StackApplication["tenancy"] {
  const model = settings["tenantry:tenancy"] ?? mapping(settings["tenantry:plan"]).model ?? plannedModel(settings);
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
