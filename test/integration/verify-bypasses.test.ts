import test from "node:test";
import { bypasses } from "../../verify/checks/bypasses";
import { functions } from "../../verify/checks/functions";
import { type Breakage, namesEach } from "./breakage";
import { skip } from "./servers";
import { verifiedShop } from "./verified-shop";

/** Ways around the policies that change no policy. */
const breakages: readonly Breakage[] = [
  {
    what: "a copy of a tenant table that a role may read",
    sql: [
      "SELECT * INTO ecommerce.copied FROM ecommerce.customers",
      "GRANT SELECT ON ecommerce.copied TO ecommerce_agent",
    ],
    undo: "DROP TABLE ecommerce.copied",
    check: bypasses,
    subject: "ecommerce.copied",
    seen: /no table of architecture\.yaml, and without row level security, and ecommerce_agent may read it/,
  },
  {
    what: "a copy of a tenant table in another schema that nobody may read",
    sql: ["CREATE SCHEMA kept", "CREATE TABLE kept.copied AS SELECT * FROM ecommerce.customers"],
    undo: "DROP SCHEMA kept CASCADE",
    check: bypasses,
    subject: "kept.copied",
    seen: /with a column tenant_id; no role of the application may read it: drop it, or declare it/,
    outcome: "warn",
  },
  {
    what: "a publication that takes a tenant table",
    sql: "CREATE PUBLICATION analytics FOR TABLE ecommerce.customers",
    undo: "DROP PUBLICATION analytics",
    check: bypasses,
    subject: "publication analytics",
    seen: /sends every tenant's rows of .*ecommerce\.customers/,
    outcome: "warn",
  },
  {
    what: "a publication that takes all tables",
    sql: "CREATE PUBLICATION everything FOR ALL TABLES",
    undo: "DROP PUBLICATION everything",
    check: bypasses,
    subject: "publication everything",
    seen: /sends every tenant's rows of .*ecommerce\.customers.*tenantry\.processed_events/,
    outcome: "warn",
  },
  {
    what: "a tenant table in the outbox's own publication",
    sql: "ALTER PUBLICATION tenantry_outbox ADD TABLE ecommerce.customers",
    undo: "ALTER PUBLICATION tenantry_outbox DROP TABLE ecommerce.customers",
    check: bypasses,
    subject: "publication tenantry_outbox",
    seen: /ecommerce\.customers.*it is for the outbox of ecommerce alone/,
  },
  {
    what: "a function of the toolkit that was replaced",
    sql: "CREATE OR REPLACE FUNCTION tenantry.isolate_partitions() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS 'BEGIN END'",
    undo: "SELECT",
    check: bypasses,
    subject: "function tenantry.isolate_partitions",
    seen: /was changed: DELETE FROM tenantry\.migrations WHERE path = 'sql\/base\/070_partition_trigger\.sql'/,
  },
  {
    what: "a function that runs as its owner, in another schema",
    sql: [
      "CREATE SCHEMA tools",
      "GRANT USAGE ON SCHEMA tools TO ecommerce_agent",
      "CREATE FUNCTION tools.everything() RETURNS SETOF ecommerce.customers LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN QUERY SELECT * FROM ecommerce.customers; END'",
    ],
    undo: "DROP SCHEMA tools CASCADE",
    check: functions,
    subject: "tools.everything()",
    seen: /ecommerce_agent gets another tenant's rows/,
  },
  {
    what: "a procedure that runs as its owner",
    sql: "CREATE PROCEDURE ecommerce.tidy() LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM ecommerce.carts'",
    undo: "DROP PROCEDURE ecommerce.tidy()",
    check: functions,
    subject: "ecommerce.tidy()",
    seen: /runs as .*, whom row level security does not hold/,
    outcome: "warn",
  },
];

/** Citus accepts no rules and no triggers on tenants' tables. */
const onPostgres: readonly Breakage[] = [
  {
    what: "a rule on a tenant table",
    sql: [
      "CREATE TABLE ecommerce.seen (LIKE ecommerce.customers)",
      "CREATE RULE spy AS ON INSERT TO ecommerce.customers DO ALSO INSERT INTO ecommerce.seen VALUES (NEW.*)",
    ],
    undo: ["DROP RULE spy ON ecommerce.customers", "DROP TABLE ecommerce.seen"],
    check: bypasses,
    subject: "ecommerce.customers",
    seen: /the rule spy rewrites statements to work as its owner/,
  },
  {
    what: "a foreign key that is no longer held",
    sql: "ALTER TABLE ecommerce.carts DISABLE TRIGGER ALL",
    undo: "ALTER TABLE ecommerce.carts ENABLE TRIGGER ALL",
    check: bypasses,
    subject: "ecommerce.carts",
    seen: /the foreign key carts_tenant_id.* is disabled/,
  },
  {
    what: "a trigger whose function runs as its owner",
    sql: [
      "CREATE FUNCTION ecommerce.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END'",
      "CREATE TRIGGER note BEFORE INSERT ON ecommerce.carts FOR EACH ROW EXECUTE FUNCTION ecommerce.note()",
    ],
    undo: "DROP FUNCTION ecommerce.note() CASCADE",
    check: bypasses,
    subject: "ecommerce.carts",
    seen: /the trigger note runs as somebody above row level security/,
    outcome: "warn",
  },
  {
    what: "a foreign table that a role may read",
    sql: [
      "CREATE EXTENSION postgres_fdw",
      "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw",
      "CREATE FOREIGN TABLE ecommerce.elsewhere (one integer) SERVER elsewhere",
      "GRANT SELECT ON ecommerce.elsewhere TO ecommerce_agent",
    ],
    undo: "DROP EXTENSION postgres_fdw CASCADE",
    check: bypasses,
    subject: "ecommerce.elsewhere",
    seen: /a foreign table, which row level security can't hold, and ecommerce_agent may read it/,
  },
];

test("tenantry verify reports ways around row level security", { skip }, async (t) => {
  const shop = await verifiedShop(t);
  const { rows } = await shop.admin.query<{ made: string }>(
    "SELECT pg_get_functiondef('tenantry.isolate_partitions()'::regprocedure) AS made",
  );
  // Restores the original after the replacement.
  const undo = rows[0]?.made ?? "";
  const all = shop.isCitus ? breakages : [...breakages, ...onPostgres];
  const undone = all.map((each) => (each.subject.startsWith("function tenantry.") ? { ...each, undo } : each));
  await namesEach(t, shop, undone, [bypasses, functions]);
});
