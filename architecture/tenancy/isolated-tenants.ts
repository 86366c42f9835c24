import type { Problem } from "../../common/problem";
import type { TenantType } from "../application";
import { expectedInstead, tenantValue } from "./tenant-value";

/** Reports all problems with the tenants that a stack isolates. */
export function isolatedTenantProblems(type: TenantType, tenants: readonly string[]): readonly Problem[] {
  const wrong = tenants.flatMap((got) => ({ got, expected: expectedInstead(type, got) }));
  const values = wrong.flatMap(({ got, expected }) => (expected === undefined ? [tenantValue(type, got)] : []));
  const twice = new Set(values.filter((value, index) => values.indexOf(value) !== index));
  return [
    ...wrong
      .filter(({ expected }) => expected !== undefined)
      .map(({ got, expected }) => ({
        what: "`tenantry:isolatedTenants` names something that is no tenant's value",
        got,
        expected: `${expected}, as \`tenant.type\` in architecture.yaml is \`${type}\``,
        fix: "Correct it in the stack file",
      })),
    ...[...twice].map((got) => ({
      what: "`tenantry:isolatedTenants` names a tenant twice",
      got,
      fix: "Name it once",
    })),
  ];
}
