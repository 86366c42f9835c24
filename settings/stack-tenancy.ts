import type { Model, Tenancy, Tenant } from "../architecture/tenancy/tenants";
import type { Place, Problem } from "../common/problem";

/** The keys of a stack file about its tenants. */
interface Written {
  readonly "tenantry:platform": "external" | "kubernetes";
  readonly "tenantry:tenancy"?: Model | undefined;
  readonly "tenantry:tenants"?: readonly Tenant[] | undefined;
  readonly "tenantry:isolatedTenants"?: readonly string[] | undefined;
}

/** The model, from the stack file or its plan, and the tenants in the file. */
export function tenancyOf(config: Written, planned: Model = "shared"): { readonly tenancy?: Tenancy } {
  const model = config["tenantry:tenancy"] ?? planned;
  return model === "shared" ? {} : { tenancy: { model, tenants: config["tenantry:tenants"] ?? [] } };
}

/**
 * Reports `tenantry:tenants` in the model `shared`, its absence in the other models, and `tenantry:isolatedTenants`
 * outside of `shared`, because only there tenants share shards.
 */
export function tenancyProblems(
  config: Written,
  planned: Model | undefined,
  placeOf: (...path: string[]) => Place,
): Problem[] {
  const { tenancy = { model: "shared" } } = tenancyOf(config, planned);
  const by = config["tenantry:tenancy"] ? "`tenantry:tenancy`" : "the plan of `tenantry:workload`";
  const chosenAt = placeOf("config", config["tenantry:tenancy"] ? "tenantry:tenancy" : "tenantry:workload");
  if (tenancy.model === "shared") {
    if (config["tenantry:tenants"] === undefined) return [];
    return [
      {
        what: "`tenantry:tenants` lists tenants that have a place of their own, and in the model `shared` they are rows",
        fix: "Remove it, or set `tenantry:tenancy` (with a workload, `model` in `tenantry:plan`) to `schema` or `silo`",
        at: placeOf("config", "tenantry:tenants"),
      },
    ];
  }
  const problems: Problem[] = [];
  if ((config["tenantry:isolatedTenants"] ?? []).length > 0) {
    problems.push({
      what: `\`tenantry:isolatedTenants\` gives tenants shards of their own, and in the model \`${tenancy.model}\`, by ${by}, no tenant shares its shards`,
      fix: "Remove it, or choose the model `shared`",
      at: placeOf("config", "tenantry:isolatedTenants"),
    });
  }
  if (tenancy.model === "silo" && config["tenantry:platform"] === "kubernetes") {
    problems.push({
      what: `Silos, by ${by}, are provisioned on servers that exist, and not on Kubernetes: a cluster that Patroni keeps has one database`,
      fix: "Choose the model `schema`, or give each tenant a stack of its own with the model `shared`",
      at: chosenAt,
    });
  } else if (config["tenantry:tenants"] === undefined) {
    problems.push({
      what: `Nothing says which tenants there are, and in the model \`${tenancy.model}\`, by ${by}, each is provisioned by itself`,
      expected: "`tenantry:tenants: [{ name: acme, id: VALUE_OF_THE_TENANT_COLUMN }]`, or an empty list",
      fix: "Add the key `tenantry:tenants`, or choose the model `shared`",
      at: chosenAt,
    });
  }
  return problems;
}
