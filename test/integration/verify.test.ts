import assert from "node:assert/strict";
import test from "node:test";
import type { Check } from "../../verify/check";
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
import type { Outcome } from "../../verify/finding";
import { skip } from "./servers";
import { amiss, verifiedShop } from "./verified-shop";

/** What somebody did by hand, how it is undone, and what must be said of it. Citus takes one statement at a time. */
interface Breakage {
  readonly what: string;
  readonly sql: string | readonly string[];
  readonly undo: string | readonly string[];
  readonly check: Check;
  readonly subject: string;
  readonly seen: RegExp;
  /** @default "fail" */
  readonly outcome?: Outcome;
}

const policy = `USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)`;

// Functions with parameters are in plpgsql: in those of SQL, Citus refuses to read a distributed table.
const breakages: readonly Breakage[] = [
  {
    what: "a table whose row level security was disabled",
    sql: "ALTER TABLE ecommerce.customers DISABLE ROW LEVEL SECURITY",
    undo: "ALTER TABLE ecommerce.customers ENABLE ROW LEVEL SECURITY",
    check: isolation,
    subject: "ecommerce.customers",
    seen: /not enabled.*ecommerce_app.*sees rows without a tenant/,
  },
  {
    what: "a table whose row level security is no longer forced",
    sql: "ALTER TABLE ecommerce.payments NO FORCE ROW LEVEL SECURITY",
    undo: "ALTER TABLE ecommerce.payments FORCE ROW LEVEL SECURITY",
    check: isolation,
    subject: "ecommerce.payments",
    seen: /^row level security is not forced$/,
  },
  {
    what: "a second policy by which rows of every tenant may be read, as the catalogs have it",
    sql: "CREATE POLICY reports ON ecommerce.orders FOR SELECT USING (true)",
    undo: "DROP POLICY reports ON ecommerce.orders",
    check: policies,
    subject: "ecommerce.orders",
    seen: /policy `reports` widens `tenant_isolation`/,
  },
  {
    what: "a policy that lets everything be written, as the catalogs have it",
    sql: [
      "DROP POLICY tenant_isolation ON ecommerce.customers",
      `CREATE POLICY tenant_isolation ON ecommerce.customers
            USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK (true)`,
    ],
    undo: [
      "DROP POLICY tenant_isolation ON ecommerce.customers",
      `CREATE POLICY tenant_isolation ON ecommerce.customers ${policy}`,
    ],
    check: policies,
    subject: "ecommerce.customers",
    seen: /does not hold what is written.*WITH CHECK \(true\)/,
  },
  {
    what: "a policy that lets everything be read",
    sql: [
      "DROP POLICY tenant_isolation ON ecommerce.carts",
      "CREATE POLICY tenant_isolation ON ecommerce.carts USING (true)",
    ],
    undo: [
      "DROP POLICY tenant_isolation ON ecommerce.carts",
      `CREATE POLICY tenant_isolation ON ecommerce.carts ${policy}`,
    ],
    check: policies,
    subject: "ecommerce.carts",
    seen: /does not ask for the tenant: USING \(true\)/,
  },
  {
    what: "a table without any policy",
    sql: "DROP POLICY tenant_isolation ON ecommerce.carts",
    undo: `CREATE POLICY tenant_isolation ON ecommerce.carts ${policy}`,
    check: policies,
    subject: "ecommerce.carts",
    seen: /^it has no policy, so nobody sees a row$/,
  },
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
    what: "a policy that was dropped",
    sql: "DROP POLICY tenant_isolation ON ecommerce.carts",
    undo: `CREATE POLICY tenant_isolation ON ecommerce.carts ${policy}`,
    check: isolation,
    subject: "ecommerce.carts",
    seen: /does not see its own tenant's row/,
  },
  {
    what: "a second policy that lets everybody read",
    sql: "CREATE POLICY reports ON ecommerce.orders FOR SELECT USING (true)",
    undo: "DROP POLICY reports ON ecommerce.orders",
    check: isolation,
    subject: "ecommerce.orders",
    seen: /sees rows without a tenant/,
  },
  {
    what: "a policy that checks nothing that is written",
    sql: [
      "DROP POLICY tenant_isolation ON ecommerce.customers",
      `CREATE POLICY tenant_isolation ON ecommerce.customers
            USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK (true)`,
    ],
    undo: [
      "DROP POLICY tenant_isolation ON ecommerce.customers",
      `CREATE POLICY tenant_isolation ON ecommerce.customers ${policy}`,
    ],
    check: isolation,
    subject: "ecommerce.customers",
    seen: /ecommerce_app inserts without a tenant; ecommerce_app inserts a row of another tenant$/,
  },
  {
    what: "a second policy that lets everybody delete",
    sql: [
      "CREATE POLICY purge ON ecommerce.cart_items FOR DELETE USING (true)",
      "CREATE POLICY purge_read ON ecommerce.cart_items FOR SELECT USING (true)",
    ],
    undo: ["DROP POLICY purge ON ecommerce.cart_items", "DROP POLICY purge_read ON ecommerce.cart_items"],
    check: isolation,
    subject: "ecommerce.cart_items",
    seen: /deletes another tenant's rows/,
  },
  {
    what: "a partition that is granted and not isolated",
    sql: [
      "CREATE TABLE ecommerce.orders_1990 PARTITION OF ecommerce.orders FOR VALUES FROM ('1990-01-01') TO ('1991-01-01')",
      "ALTER TABLE ecommerce.orders_1990 DISABLE ROW LEVEL SECURITY",
      "GRANT SELECT ON ecommerce.orders_1990 TO ecommerce_agent",
    ],
    undo: "DROP TABLE ecommerce.orders_1990",
    check: isolation,
    subject: "ecommerce.orders_1990",
    seen: /not enabled.*ecommerce_agent.*sees rows without a tenant/,
  },
  {
    what: "the outbox without row level security",
    sql: "ALTER TABLE tenantry.outbox DISABLE ROW LEVEL SECURITY",
    undo: "ALTER TABLE tenantry.outbox ENABLE ROW LEVEL SECURITY",
    check: isolation,
    subject: "tenantry.outbox",
    seen: /sees rows without a tenant/,
  },
  {
    what: "a table whose rows nobody can invent",
    sql: "ALTER TABLE ecommerce.carts ADD CONSTRAINT odd CHECK (length(currency) > 1000) NOT VALID",
    undo: "ALTER TABLE ecommerce.carts DROP CONSTRAINT odd",
    check: isolation,
    subject: "ecommerce.carts",
    seen: /could not build a row.*odd/,
    outcome: "warn",
  },
  {
    what: "a view that reads as its owner",
    sql: [
      "CREATE VIEW ecommerce.all_orders AS SELECT order_id, total FROM ecommerce.orders",
      "GRANT SELECT ON ecommerce.all_orders TO ecommerce_agent",
    ],
    undo: "DROP VIEW ecommerce.all_orders",
    check: views,
    subject: "ecommerce.all_orders",
    seen: /reads as its owner .*ecommerce_agent may read it.*security_invoker/,
  },
  {
    what: "a view over a view that reads as its owner, in another schema",
    sql: [
      "CREATE SCHEMA reports",
      "GRANT USAGE ON SCHEMA reports TO ecommerce_agent",
      "CREATE VIEW reports.inner_view AS SELECT * FROM ecommerce.orders",
      "CREATE VIEW reports.outer_view AS SELECT count(*) FROM reports.inner_view",
      "GRANT SELECT ON reports.outer_view TO ecommerce_agent",
    ],
    undo: "DROP SCHEMA reports CASCADE",
    check: views,
    subject: "reports.outer_view",
    seen: /reads as its owner/,
  },
  {
    what: "a materialized view",
    sql: [
      "CREATE MATERIALIZED VIEW ecommerce.totals AS SELECT tenant_id, sum(total) FROM ecommerce.orders GROUP BY 1",
      "GRANT SELECT ON ecommerce.totals TO ecommerce_app",
    ],
    undo: "DROP MATERIALIZED VIEW ecommerce.totals",
    check: views,
    subject: "ecommerce.totals",
    seen: /materialized view holds every tenant's rows/,
  },
  {
    what: "a function that runs as its owner and returns everybody's rows",
    sql: `CREATE FUNCTION ecommerce.find_customer(email_part text DEFAULT '') RETURNS SETOF ecommerce.customers
            LANGUAGE plpgsql STABLE SECURITY DEFINER
            AS $$ BEGIN RETURN QUERY SELECT * FROM ecommerce.customers WHERE email LIKE '%' || email_part || '%'; END $$`,
    undo: "DROP FUNCTION ecommerce.find_customer",
    check: functions,
    subject: "ecommerce.find_customer(text)",
    seen: /ecommerce_app gets another tenant's rows/,
  },
  {
    what: "a function that returns another tenant's customer by its id, without saying whose",
    sql: `CREATE FUNCTION ecommerce.customer_email(p_customer_id uuid) RETURNS TABLE (found text)
            LANGUAGE plpgsql STABLE SECURITY DEFINER
            AS $$ BEGIN RETURN QUERY SELECT email FROM ecommerce.customers WHERE customer_id = p_customer_id; END $$`,
    undo: "DROP FUNCTION ecommerce.customer_email",
    check: functions,
    subject: "ecommerce.customer_email(uuid)",
    seen: /gets another tenant's rows/,
  },
  {
    what: "a function that runs as its owner and shows nothing here",
    sql: `CREATE FUNCTION ecommerce.order_count() RETURNS bigint
            LANGUAGE sql STABLE SECURITY DEFINER AS $$ SELECT count(*) FROM ecommerce.orders $$`,
    undo: "DROP FUNCTION ecommerce.order_count",
    check: functions,
    subject: "ecommerce.order_count()",
    seen: /row level security does not hold.*SECURITY INVOKER/,
    outcome: "warn",
  },
  {
    what: "a role that bypasses row level security",
    sql: "ALTER ROLE ecommerce_agent BYPASSRLS",
    undo: "ALTER ROLE ecommerce_agent NOBYPASSRLS",
    check: roles,
    subject: "ecommerce_agent",
    seen: /has BYPASSRLS/,
  },
  {
    what: "a role that may become one that bypasses it",
    sql: ["CREATE ROLE verify_helper BYPASSRLS", "GRANT verify_helper TO ecommerce_agent"],
    undo: "DROP ROLE verify_helper",
    check: roles,
    subject: "ecommerce_agent",
    seen: /may become verify_helper, which has BYPASSRLS/,
  },
  {
    what: "a role that owns a table",
    sql: ["GRANT CREATE ON SCHEMA ecommerce TO ecommerce_app", "ALTER TABLE ecommerce.carts OWNER TO ecommerce_app"],
    undo: ["ALTER TABLE ecommerce.carts OWNER TO CURRENT_USER", "REVOKE CREATE ON SCHEMA ecommerce FROM ecommerce_app"],
    check: roles,
    subject: "ecommerce_app",
    seen: /owns ecommerce\.carts/,
  },
  {
    what: "a role that may truncate",
    sql: "GRANT TRUNCATE ON ecommerce.carts TO ecommerce_app",
    undo: "REVOKE TRUNCATE ON ecommerce.carts FROM ecommerce_app",
    check: roles,
    subject: "ecommerce_app",
    seen: /may TRUNCATE ecommerce\.carts/,
  },
  {
    what: "a role that has a tenant from the moment it logs in",
    sql: "ALTER ROLE ecommerce_app SET app.tenant_id = '00000000-0000-0000-0000-000000000001'",
    undo: "ALTER ROLE ecommerce_app RESET app.tenant_id",
    check: roles,
    subject: "ecommerce_app",
    seen: /has a tenant by default/,
  },
  {
    what: "a role that can't log in",
    sql: "ALTER ROLE ecommerce_app NOLOGIN",
    undo: "ALTER ROLE ecommerce_app LOGIN",
    check: roles,
    subject: "ecommerce_app",
    seen: /can't log in/,
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
  const { admin, run, look } = await verifiedShop(t);
  const all = [
    ...[placement, foreignKeys, roles, policies, isolation, views, functions, redelivery],
    ...[eventSizes, tenantSizes, scans, statements],
  ];

  await t.test("finds nothing amiss where everything was applied", async () => {
    const findings = await look([...all, partitions]);
    assert.deepEqual(amiss(findings), []);
    const subjects = findings.filter(({ check }) => check === "isolation").map(({ subject }) => subject);
    assert.ok(subjects.includes("ecommerce.order_items") && subjects.includes("tenantry.outbox"));
  });

  await t.test("leaves no row, no setting and no role behind", async () => {
    const { rows } = await admin.query<{ n: string }>(
      `SELECT (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text AS n
       FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE s.nspname IN ('ecommerce', 'tenantry') AND c.relkind IN ('r', 'p') AND c.relrowsecurity`,
    );
    assert.ok(rows.length > 10);
    assert.deepEqual(new Set(rows.map(({ n }) => n)), new Set(["0"]));
  });

  await t.test("removes what a killed run left, and nothing of others", async () => {
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

  for (const { what, sql, undo, check, subject, seen, outcome = "fail" } of breakages) {
    await t.test(`names ${what}`, async (broken) => {
      broken.after(() => run(undo));
      await run(sql);
      const found = amiss(await look([check]));
      const named = found.find((finding) => finding.subject === subject);
      assert.ok(named, `nothing said of ${subject}: ${JSON.stringify(found)}`);
      assert.equal(named.outcome, outcome);
      assert.match(named.seen, seen);
    });
  }

  await t.test("finds nothing amiss again when all of it is undone", async () => {
    assert.deepEqual(amiss(await look([...all, partitions])), []);
  });
});
