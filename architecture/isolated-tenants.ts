import type { TenantType } from "./application";
import type { Problem } from "./problem";

const patterns: Readonly<Record<TenantType, { readonly pattern: RegExp; readonly expected: string }>> = {
  uuid: { pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, expected: "a uuid" },
  bigint: { pattern: /^-?\d{1,19}$/, expected: "a whole number" },
  integer: { pattern: /^-?\d{1,10}$/, expected: "a whole number" },
  text: { pattern: /^[^\0]{1,200}$/s, expected: "a text of 200 characters at most" },
};

/** As PostgreSQL writes the value: a tenant has one name, however it was spelt. */
export function tenantValue(type: TenantType, written: string): string {
  return type === "uuid" ? written.toLowerCase() : written;
}

/** Whatever is wrong with the tenants that a stack isolates, all at once. */
export function isolatedTenantProblems(type: TenantType, tenants: readonly string[]): readonly Problem[] {
  const { pattern, expected } = patterns[type];
  const values = tenants.map((written) => tenantValue(type, written));
  const wrong = values.filter((value) => !pattern.test(value));
  const twice = new Set(values.filter((value, index) => values.indexOf(value) !== index));
  return [
    ...wrong.map((got) => ({
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
