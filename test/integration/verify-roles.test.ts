import test from "node:test";
import { functions } from "../../verify/checks/functions";
import { roles } from "../../verify/checks/roles";
import { views } from "../../verify/checks/views";
import { type Breakage, namesEach } from "./breakage";
import { skip } from "./servers";
import { verifiedShop } from "./verified-shop";

/** A role's ways past row level security. Functions with parameters use plpgsql: Citus rejects reads in SQL ones. */
const breakages: readonly Breakage[] = [
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
    what: "a role that may truncate",
    sql: "GRANT TRUNCATE ON ecommerce.carts TO ecommerce_app",
    undo: "REVOKE TRUNCATE ON ecommerce.carts FROM ecommerce_app",
    check: roles,
    subject: "ecommerce_app",
    seen: /may TRUNCATE ecommerce\.carts/,
  },
  {
    what: "a role that can't log in",
    sql: "ALTER ROLE ecommerce_app NOLOGIN",
    undo: "ALTER ROLE ecommerce_app LOGIN",
    check: roles,
    subject: "ecommerce_app",
    seen: /can't log in/,
  },
];

test("tenantry verify reports unsafe roles, and unsafe views and functions that they may use", { skip }, async (t) => {
  await namesEach(t, await verifiedShop(t), breakages, [roles, views, functions]);
});
