import type { Rule } from "../rule";
import { placeOfResource } from "../stack-resources";

export const tableWithoutIsolation: Rule = {
  name: "table-without-isolation",
  severity: "error",
  harm: "Without its row level security a tenant table shows every tenant's rows to whoever forgets a WHERE.",
  checkResources: (resources) => {
    const idOf = (inputs: Readonly<Record<string, unknown>>) => `${String(inputs.schema)}.${String(inputs.table)}`;
    const ofType = (noun: string) => resources.filter(({ type }) => type === `tenantry:index:${noun}`);
    const isolated = new Set(ofType("TenantIsolation").map(({ inputs }) => idOf(inputs)));
    return ofType("DistributedTable")
      .filter(({ inputs }) => !isolated.has(idOf(inputs)))
      .map((resource) => ({
        what: `Tenant table \`${idOf(resource.inputs)}\` has no TenantIsolation: nothing keeps tenants apart in it`,
        fix: "Declare a TenantIsolation for it; a DataPlane does so by itself",
        at: placeOfResource(resource),
      }));
  },
};
