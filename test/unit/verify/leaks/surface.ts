import type { LeakRelation, Surface } from "../../../../verify/leaks/surface";
import type { Column } from "../../../../verify/live-catalog";

export const tenant = {
  column: "tenant_id",
  type: "uuid",
  own: "7e57ab1e-7e57-4e57-a7e5-00000000000a",
  other: "7e57ab1e-7e57-4e57-a7e5-00000000000b",
} as const;

export const column = (name: string, base: string): Column => ({
  ...{ name, type: base, base, domain: null, isArray: false, labels: null, maxLength: null },
  ...{ isNeeded: true, isGenerated: false, isNumbered: false },
});

export function relation(name: string, more: Partial<LeakRelation> = {}): LeakRelation {
  return {
    ...{ schema: "shop", name, kind: "table", ofTenants: true, isTenantTable: true, isWhole: true, rowCount: 0 },
    columns: [column("tenant_id", "uuid"), column("id", "uuid"), column("note", "text"), column("total", "numeric")],
    foreignKeys: [],
    may: { insert: true, update: true, delete: true },
    own: row(tenant.own, "a"),
    other: row(tenant.other, "b"),
    ...more,
  };
}

function row(of: string, digit: string) {
  return {
    tenant_id: of,
    id: `0000000${digit}-0000-4000-8000-000000000000`,
    note: `tenantry-verify-0000000${digit}`,
    total: "712345678.000",
  };
}

export function surface(relations: readonly LeakRelation[], more: Partial<Surface> = {}): Surface {
  return { tenant, relations, closed: [], calls: [], sequences: [], ...more };
}
