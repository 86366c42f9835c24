import test from "node:test";
import { isolation } from "../../verify/checks/isolation";
import { policies } from "../../verify/checks/policies";
import { type Breakage, type Change, namesEach } from "./breakage";
import { skip } from "./servers";
import { verifiedShop } from "./verified-shop";

const policy = `USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)`;

// Changes that verify both reads in the catalogs and tries.
const readByAll: Change = {
  sql: "CREATE POLICY reports ON ecommerce.orders FOR SELECT USING (true)",
  undo: "DROP POLICY reports ON ecommerce.orders",
};
const writtenUnchecked: Change = {
  sql: [
    "DROP POLICY tenant_isolation ON ecommerce.customers",
    `CREATE POLICY tenant_isolation ON ecommerce.customers
       USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid) WITH CHECK (true)`,
  ],
  undo: [
    "DROP POLICY tenant_isolation ON ecommerce.customers",
    `CREATE POLICY tenant_isolation ON ecommerce.customers ${policy}`,
  ],
};
const dropped: Change = {
  sql: "DROP POLICY tenant_isolation ON ecommerce.carts",
  undo: `CREATE POLICY tenant_isolation ON ecommerce.carts ${policy}`,
};

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
    ...readByAll,
    check: policies,
    subject: "ecommerce.orders",
    seen: /policy `reports` widens `tenant_isolation`/,
  },
  {
    what: "a policy that lets everything be written, as the catalogs have it",
    ...writtenUnchecked,
    check: policies,
    subject: "ecommerce.customers",
    seen: /lets rows of any tenant be written: WITH CHECK \(true\)/,
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
    ...dropped,
    check: policies,
    subject: "ecommerce.carts",
    seen: /^it has no policy, so nobody sees a row$/,
  },
  {
    what: "a policy that was dropped",
    ...dropped,
    check: isolation,
    subject: "ecommerce.carts",
    seen: /does not see its own tenant's row/,
  },
  {
    what: "a second policy that lets everybody read",
    ...readByAll,
    check: isolation,
    subject: "ecommerce.orders",
    seen: /sees rows without a tenant/,
  },
  {
    what: "a policy that checks nothing that is written",
    ...writtenUnchecked,
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
];

test("tenantry verify reports changed row level security", { skip }, async (t) => {
  await namesEach(t, await verifiedShop(t), breakages, [policies, isolation]);
});
