import assert from "node:assert/strict";
import test from "node:test";
import type { RoleBoundaryInputs } from "../../../../architecture/data-plane/declaration";
import { judgeTrigger } from "../../../../provider/boundary/event-trigger";
import { type FoundFunction, judgeFunctions } from "../../../../provider/boundary/function-rights";
import { judgeSettings } from "../../../../provider/boundary/role-settings";
import { roleBoundary } from "../../../../provider/resources/role-boundary";

const bounds: RoleBoundaryInputs = {
  nodes: [{ name: "coordinator", host: "h", port: 5432 }],
  schemas: ["shop", "tenantry"],
  roles: {
    shop_app: { reaches: ["advisoryLocks"], settings: { search_path: '"shop", "public"' } },
    shop_cdc: { replicates: true, reaches: ["log"], settings: {} },
  },
};

const emit: FoundFunction = {
  signature: "pg_logical_emit_message(boolean,text,text)",
  name: "pg_logical_emit_message",
  group: "log",
  grantees: ["PUBLIC"],
  mayRevoke: true,
};

test("grants a function to the roles that need it before revoking it from PUBLIC", () => {
  const gaps = judgeFunctions([emit], bounds);
  assert.deepEqual(
    gaps.flatMap(({ mend }) => mend),
    [
      'GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean,text,text) TO "shop_cdc"',
      "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean,text,text) FROM PUBLIC CASCADE",
    ],
  );
  assert.deepEqual(judgeFunctions([{ ...emit, grantees: ["operator", "shop_cdc"] }], bounds), []);
});

test("reports functions that this login may not revoke as one gap, with the fix and no SQL", () => {
  const lock: FoundFunction = {
    ...emit,
    signature: "pg_advisory_lock(bigint)",
    name: "pg_advisory_lock",
    group: "advisoryLocks",
  };
  const [gap, ...others] = judgeFunctions(
    [emit, lock].map((each) => ({ ...each, mayRevoke: false })),
    bounds,
  );
  assert.deepEqual(others, []);
  assert.equal(gap?.subject, "PUBLIC");
  assert.match(
    gap?.seen ?? "",
    /may call 2 functions .* only their owner can revoke that: pg_logical_emit_message, pg_advisory_lock\. Let no/,
  );
  assert.deepEqual(gap?.mend, []);
});

test("accepts a setting that PostgreSQL prints with other quotes, and resets a different one", () => {
  const path = { role: "shop_app", database: "shop", name: "search_path" };
  assert.deepEqual(judgeSettings([{ ...path, value: "shop, public" }], bounds, "shop"), []);
  const [gap] = judgeSettings([{ ...path, value: "evil, shop" }], bounds, "shop");
  assert.deepEqual(gap?.mend, ['ALTER ROLE "shop_app" IN DATABASE "shop" SET search_path = "shop", "public"']);
});

test("resets harmful settings where they were set", () => {
  const path = { role: "shop_app", database: "shop", name: "search_path", value: "shop, public" };
  const mends = (role: string | null, database: string | null) =>
    judgeSettings([path, { role, database, name: "app.tenant_id", value: "x" }], bounds, "shop").flatMap(
      ({ mend }) => mend,
    );
  assert.deepEqual(mends("shop_cdc", null), ['ALTER ROLE "shop_cdc" RESET "app"."tenant_id"']);
  assert.deepEqual(mends(null, "shop"), ['ALTER DATABASE "shop" RESET "app"."tenant_id"']);
  assert.deepEqual(mends(null, null), ['ALTER ROLE ALL RESET "app"."tenant_id"']);
  assert.deepEqual(judgeSettings([path, { ...path, name: "work_mem", value: "1GB" }], bounds, "shop"), []);
});

test("accepts an event trigger that always fires", () => {
  const found = {
    has_function: true,
    enabled: "A",
    event: "ddl_command_end",
    tags: ["ALTER TABLE", "CREATE TABLE"],
    calls: "tenantry.isolate_partitions()",
  };
  assert.deepEqual(judgeTrigger(found), []);
  assert.match(judgeTrigger({ ...found, has_function: false })[0]?.seen ?? "", /isolate_partitions\(\) is missing/);
});

test("lists subjects with gaps, roles and nodes as differences, but not gaps that this login can't close", () => {
  const state = { ...bounds, gaps: {}, beyond: { PUBLIC: ["may call …"] } };
  assert.deepEqual(roleBoundary.diff(state, bounds), []);
  const next = {
    ...bounds,
    nodes: [...bounds.nodes, { name: "worker_1", host: "w", port: 5432 }],
    roles: { ...bounds.roles, shop_cdc: { reaches: [], settings: {} } },
  };
  assert.deepEqual(
    roleBoundary.diff({ ...state, gaps: { "PUBLIC on worker_1": ["may call …"] } }, next).map(({ path }) => path),
    ["nodes", 'roles["shop_cdc"]', 'gaps["PUBLIC on worker_1"]'],
  );
});
