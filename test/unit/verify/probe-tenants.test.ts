import assert from "node:assert/strict";
import test from "node:test";
import type { TenantType } from "../../../architecture/application";
import { probeTenants } from "../../../verify/probe-tenants";

test("makes ids that match the condition of their type", () => {
  const shapes: Readonly<Record<TenantType, RegExp>> = {
    uuid: /^7e57ab1e-7e57-4e57-a7e5-[0-9a-f]{12}$/,
    text: /^tenantry-verify-[0-9a-f]{12}$/,
    bigint: /^-92233720\d{11}$/,
    integer: /^-2147[4-8]\d{5}$/,
  };
  for (const [type, shape] of Object.entries(shapes) as [TenantType, RegExp][]) {
    const ids = new Set(Array.from({ length: 50 }, () => probeTenants(type).make()));
    for (const id of ids) assert.match(id, shape);
    assert.ok(ids.size > 40);
  }
  for (const type of ["bigint", "integer"] as const) {
    const [from, to] = [...probeTenants(type).where("t").matchAll(/-\d+/g)].map(([number]) => BigInt(number));
    const id = BigInt(probeTenants(type).make());
    assert.ok(from !== undefined && to !== undefined && id >= from && id <= to);
  }
});

test("makes ids that fit their types", () => {
  assert.ok(BigInt(probeTenants("bigint").make()) >= -(2n ** 63n));
  assert.ok(Number(probeTenants("integer").make()) >= -(2 ** 31));
});

test("quotes the column in the condition", () => {
  assert.match(probeTenants("uuid").where('a"b'), /^"a""b" BETWEEN /);
});
