import assert from "node:assert/strict";
import test from "node:test";
import {
  anySize,
  boundsOf,
  isOutboxCheck,
  isSameCheck,
  outboxChecks,
} from "../../../../architecture/data-plane/outbox-checks";

const bounds = { column: "tenant_id", type: "text", maxPayloadBytes: 8192, aggregates: ["payment", "order"] } as const;

test("every column of a record has a check whose name states the limit and fits PostgreSQL", () => {
  const checks = outboxChecks(bounds);
  assert.deepEqual(
    checks.map(({ name }) => name),
    [
      "aggregate_type_is_declared_in_architecture_yaml",
      "tenant_at_most_1024_bytes",
      "aggregate_id_at_most_4096_bytes_or_put_it_into_the_payload",
      "type_at_most_1024_bytes_or_put_it_into_the_payload",
      "payload_at_most_8192_bytes_or_use_a_claim_check",
    ],
  );
  for (const { name } of checks) assert.ok(name.length <= 63 && isOutboxCheck(name), name);
});

test("the aggregate check accepts the listed names, or without a list any part of a topic's name", () => {
  const first = (aggregates?: readonly string[]) => outboxChecks({ ...bounds, ...{ aggregates } } as typeof bounds)[0];
  assert.equal(first(["b", "a"])?.expression, "(aggregate_type = ANY (ARRAY['a'::text, 'b'::text]))");
  assert.equal(first([])?.expression, "(aggregate_type = ANY ('{}'::text[]))");
  assert.equal(first(undefined)?.expression, "(aggregate_type ~ '^[a-zA-Z0-9._-]{1,100}$'::text)");
});

test("reads the limits back from the checks, and ignores other constraints", () => {
  const found = Object.fromEntries(outboxChecks(bounds).map(({ name, expression }) => [name, expression]));
  assert.deepEqual(boundsOf(found), { maxPayloadBytes: 8192, aggregates: ["order", "payment"] });
  assert.deepEqual(boundsOf({}), { maxPayloadBytes: anySize });
  assert.equal(isOutboxCheck("aggregate_id_is_a_uuid"), false);
});

test("compares checks with and without quoted identifiers, and by their limits", () => {
  const [, tenant] = outboxChecks(bounds);
  assert.ok(tenant);
  assert.ok(isSameCheck("(octet_length(tenant_id) <= 1024)", tenant));
  assert.equal(isSameCheck("(octet_length(tenant_id) <= 1025)", tenant), false);
  assert.equal(isSameCheck(undefined, tenant), false);
});
