import assert from "node:assert/strict";
import test from "node:test";
import { eventSizes } from "../../verify/checks/event-sizes";
import { functions } from "../../verify/checks/functions";
import { isolation } from "../../verify/checks/isolation";
import { partitions } from "../../verify/checks/partitions";
import { foreignKeys, placement } from "../../verify/checks/placement";
import { policies } from "../../verify/checks/policies";
import { redelivery } from "../../verify/checks/redelivery";
import { roles } from "../../verify/checks/roles";
import { scans } from "../../verify/checks/scans";
import { statements } from "../../verify/checks/statements";
import { tenantSizes } from "../../verify/checks/tenant-sizes";
import { views } from "../../verify/checks/views";
import { type Breakage, namesEach } from "./breakage";
import { skip } from "./servers";
import { amiss, verifiedShop } from "./verified-shop";

const breakages: readonly Breakage[] = [
  {
    what: "statements of a role that ask every shard",
    sql: [
      "SET ROLE ecommerce_app",
      ...Array.from({ length: 10 }, () => "SELECT name FROM ecommerce.customers WHERE email = 'private@example.com'"),
      "RESET ROLE",
    ],
    undo: "SELECT statistics.pg_stat_statements_reset()",
    check: statements,
    subject: "ecommerce_app",
    seen: /^10 calls, .*query-without-tenant.*: SELECT name FROM ecommerce\.customers WHERE email = \$1$/,
    outcome: "warn",
  },
  {
    what: "a role that reads every partition of a table",
    sql: [
      "SET ROLE ecommerce_app",
      ...Array.from(
        { length: 10 },
        () => "SELECT status FROM ecommerce.orders WHERE tenant_id = '11111111-1111-4111-8111-111111111111'",
      ),
      "RESET ROLE",
    ],
    undo: "SELECT statistics.pg_stat_statements_reset()",
    check: statements,
    subject: "ecommerce_app",
    seen: /^10 calls, .*unbounded-partition-query.*: SELECT status FROM ecommerce\.orders WHERE tenant_id = \$1$/,
    outcome: "warn",
  },
  {
    what: "a role that polls the outbox",
    sql: [
      "GRANT UPDATE ON tenantry.outbox TO ecommerce_app",
      "SET ROLE ecommerce_app",
      ...Array.from(
        { length: 10 },
        () => `SELECT id FROM tenantry.outbox WHERE tenant_id = '11111111-1111-4111-8111-111111111111'
                 AND created_at > now() - interval '1 hour' FOR UPDATE SKIP LOCKED`,
      ),
      "RESET ROLE",
    ],
    undo: ["REVOKE UPDATE ON tenantry.outbox FROM ecommerce_app", "SELECT statistics.pg_stat_statements_reset()"],
    check: statements,
    subject: "ecommerce_app",
    seen: /outbox-polling/,
  },
  {
    what: "an event that is nearly too large",
    sql: `INSERT INTO tenantry.outbox (tenant_id, id, aggregate_type, aggregate_id, type, payload)
            VALUES ('11111111-1111-4111-8111-111111111111', gen_random_uuid(), 'order', 'o', 'T', to_jsonb(repeat('x', 7000)))`,
    undo: "DELETE FROM tenantry.outbox",
    check: eventSizes,
    subject: "order",
    seen: /the largest has 7,002 of 8,192 bytes/,
    outcome: "warn",
  },
  {
    what: "an event larger than the outbox takes, whose limit is gone",
    sql: [
      "ALTER TABLE tenantry.outbox DROP CONSTRAINT payload_at_most_8192_bytes_or_use_a_claim_check",
      `INSERT INTO tenantry.outbox (tenant_id, id, aggregate_type, aggregate_id, type, payload)
            VALUES ('11111111-1111-4111-8111-111111111111', gen_random_uuid(), 'payment', 'p', 'T', to_jsonb(repeat('x', 9000)))`,
    ],
    undo: [
      "DELETE FROM tenantry.outbox",
      "ALTER TABLE tenantry.outbox ADD CONSTRAINT payload_at_most_8192_bytes_or_use_a_claim_check CHECK (octet_length(payload::text) <= 8192)",
    ],
    check: eventSizes,
    subject: "payment",
    seen: /the largest has 9,002 of 8,192 bytes.*the outbox's limit does not hold$/,
  },
  {
    what: "a foreign key that was dropped",
    sql: "ALTER TABLE ecommerce.inventory DROP CONSTRAINT inventory_tenant_id_product_id_fkey",
    undo: `ALTER TABLE ecommerce.inventory ADD CONSTRAINT inventory_tenant_id_product_id_fkey
             FOREIGN KEY (tenant_id, product_id) REFERENCES ecommerce.products (tenant_id, product_id) ON DELETE CASCADE`,
    check: foreignKeys,
    subject: "ecommerce.inventory",
    seen: /inventory_tenant_id_product_id_fkey to products is missing/,
  },
  {
    what: "rows in a default partition",
    sql: [
      "CREATE TABLE ecommerce.audit_log_default PARTITION OF ecommerce.audit_log DEFAULT",
      `INSERT INTO ecommerce.audit_log (tenant_id, occurred_at, actor, action, subject_type, subject_id)
          VALUES (gen_random_uuid(), '1990-01-01', 'a', 'b', 'c', 'd')`,
    ],
    undo: "DROP TABLE ecommerce.audit_log_default",
    check: partitions,
    subject: "ecommerce.audit_log",
    seen: /audit_log_default holds rows that no other partition was there for/,
  },
  {
    what: "a memory of processed events that remembers nothing",
    sql: [
      "ALTER FUNCTION tenantry.process_once RENAME TO process_once_kept",
      "CREATE FUNCTION tenantry.process_once(uuid, text, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    ],
    undo: ["DROP FUNCTION tenantry.process_once", "ALTER FUNCTION tenantry.process_once_kept RENAME TO process_once"],
    check: redelivery,
    subject: "tenantry.process_once",
    seen: /an event is processed twice/,
  },
];

test("tenantry verify on a real server", { skip }, async (t) => {
  const shop = await verifiedShop(t);
  const { admin, look } = shop;
  const all = [
    ...[placement, foreignKeys, roles, policies, isolation, views, functions, redelivery],
    ...[eventSizes, tenantSizes, scans, statements, partitions],
  ];

  await t.test("reports nothing if everything was applied", async () => {
    const findings = await look(all);
    assert.deepEqual(amiss(findings), []);
    assert.doesNotMatch(JSON.stringify(findings), /\[object |undefined|NaN/);
    const audit = findings.find(({ check, subject }) => check === "partitions" && subject === "ecommerce.audit_log");
    assert.match(audit?.seen ?? "", /partitions ahead of now, one every 1 month$/);
    const subjects = findings.filter(({ check }) => check === "isolation").map(({ subject }) => subject);
    assert.ok(subjects.includes("ecommerce.order_items") && subjects.includes("tenantry.outbox"));
  });

  await t.test("leaves no rows behind", async () => {
    const { rows } = await admin.query<{ n: string }>(
      `SELECT (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text AS n
       FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE s.nspname IN ('ecommerce', 'tenantry') AND c.relkind IN ('r', 'p') AND c.relrowsecurity`,
    );
    assert.ok(rows.length > 10);
    assert.deepEqual(new Set(rows.map(({ n }) => n)), new Set(["0"]));
  });

  await t.test("removes the remains of a killed run, and no other rows", async () => {
    const real = "11111111-1111-4111-8111-111111111111";
    const killed = "7e57ab1e-7e57-4e57-a7e5-00000000dead";
    const insert =
      "INSERT INTO tenantry.processed_events (tenant_id, consumer, event_id) VALUES ($1, 'c', gen_random_uuid())";
    await admin.query(insert, [real]);
    await admin.query(insert, [killed]);
    await look([redelivery]);
    const { rows } = await admin.query<{ tenant_id: string }>("SELECT tenant_id FROM tenantry.processed_events");
    assert.deepEqual(rows, [{ tenant_id: real }]);
    await admin.query("DELETE FROM tenantry.processed_events");
  });

  await namesEach(t, shop, breakages, all);
});
