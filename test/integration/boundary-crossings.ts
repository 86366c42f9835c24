interface Crossing {
  readonly what: string;
  readonly sql: string | readonly string[];
  readonly subject: string;
  readonly seen: RegExp;
  /** SQL that removes the remains after the correction. @default nothing */
  readonly cleanUp?: string | readonly string[];
}

/** Grants or revokes every signature of the function, because PostgreSQL 17 has another one. */
function emit(verb: string, whom: string): string {
  return `DO $$ DECLARE signature regprocedure; BEGIN
    FOR signature IN SELECT oid FROM pg_proc WHERE proname = 'pg_logical_emit_message' LOOP
      EXECUTE format('${verb} EXECUTE ON FUNCTION %s ${whom}', signature);
    END LOOP; END $$`;
}

/** `verify` and a refresh report each of these, and the next `up` corrects it. `DB` stands for the database's name. */
export const crossings: readonly Crossing[] = [
  {
    what: "messages into the log that everybody may write",
    sql: emit("GRANT", "TO PUBLIC"),
    subject: "PUBLIC",
    seen: /may call pg_logical_emit_message, and so puts a message of any size into the change stream/,
  },
  {
    what: "the statements of other sessions, granted to the agent",
    sql: "GRANT EXECUTE ON FUNCTION pg_stat_get_activity(integer) TO ecommerce_agent",
    subject: "ecommerce_agent",
    seen: /may call pg_stat_get_activity/,
  },
  {
    what: "the heartbeat's function taken from the role that reads the stream",
    sql: emit("REVOKE", "FROM ecommerce_cdc"),
    subject: "ecommerce_cdc",
    seen: /may not call pg_logical_emit_message/,
  },
  {
    what: "functions of an extension that reaches other servers",
    sql: ["CREATE SCHEMA tools", "CREATE EXTENSION dblink SCHEMA tools"],
    subject: "PUBLIC",
    seen: /may call dblink.*reaches other servers/,
    cleanUp: "DROP SCHEMA tools CASCADE",
  },
  {
    what: "BYPASSRLS",
    sql: "ALTER ROLE ecommerce_agent BYPASSRLS",
    subject: "ecommerce_agent",
    seen: /has BYPASSRLS/,
  },
  { what: "a superuser", sql: "ALTER ROLE ecommerce_app SUPERUSER", subject: "ecommerce_app", seen: /is a superuser/ },
  {
    what: "CREATEROLE and CREATEDB",
    sql: "ALTER ROLE ecommerce_app CREATEROLE CREATEDB",
    subject: "ecommerce_app",
    seen: /has CREATEDB.*has CREATEROLE/,
  },
  {
    what: "REPLICATION on another role than the one that reads the stream",
    sql: "ALTER ROLE ecommerce_agent REPLICATION",
    subject: "ecommerce_agent",
    seen: /may replicate, which reads every row/,
  },
  {
    what: "a role that may become one that bypasses row level security",
    sql: ["CREATE ROLE verify_helper BYPASSRLS", "GRANT verify_helper TO ecommerce_agent"],
    subject: "ecommerce_agent",
    seen: /may become verify_helper, which has BYPASSRLS/,
    cleanUp: "DROP ROLE verify_helper",
  },
  {
    what: "the agent made a member of the application's role",
    sql: "GRANT ecommerce_app TO ecommerce_agent",
    subject: "ecommerce_agent",
    seen: /may become ecommerce_app, which is a role of the application by itself/,
  },
  {
    what: "a predefined role that runs programs on the server",
    sql: "GRANT pg_execute_server_program TO ecommerce_app",
    subject: "ecommerce_app",
    seen: /may become pg_execute_server_program, which has rights of the server's own/,
  },
  {
    what: "predefined roles that read everything, through a role between",
    sql: [
      "CREATE ROLE verify_readers",
      "GRANT pg_read_all_data TO verify_readers",
      "GRANT verify_readers TO ecommerce_agent",
    ],
    subject: "ecommerce_agent",
    seen: /may become pg_read_all_data/,
    cleanUp: "DROP ROLE verify_readers",
  },
  {
    what: "a role between that was granted a table",
    sql: [
      "CREATE ROLE verify_readers",
      "GRANT SELECT ON ecommerce.orders TO verify_readers",
      "GRANT verify_readers TO ecommerce_agent",
    ],
    subject: "ecommerce_agent",
    seen: /may become verify_readers, which owns things in this database, or was granted some/,
    cleanUp: ["REVOKE ALL ON ecommerce.orders FROM verify_readers", "DROP ROLE verify_readers"],
  },
  {
    what: "a role that took away its own limit",
    sql: [
      "SET SESSION AUTHORIZATION ecommerce_agent",
      "ALTER ROLE CURRENT_USER IN DATABASE DB SET statement_timeout = 0",
      "RESET SESSION AUTHORIZATION",
    ],
    subject: "ecommerce_agent",
    seen: /begins with statement_timeout = 0; declared is 5000ms/,
  },
  {
    what: "a role whose settings in this database were all reset",
    sql: "ALTER ROLE ecommerce_agent IN DATABASE DB RESET ALL",
    subject: "ecommerce_agent",
    seen: /begins with search_path as the server has it.*statement_timeout as the server has it; declared is 5000ms/,
  },
  {
    what: "a role with another search path",
    sql: "ALTER ROLE ecommerce_app IN DATABASE DB SET search_path = public, ecommerce",
    subject: "ecommerce_app",
    seen: /begins with search_path = public, ecommerce/,
  },
  {
    what: "a role that has a tenant from the moment it logs in",
    sql: "ALTER ROLE ecommerce_app SET app.tenant_id = '00000000-0000-0000-0000-000000000001'",
    subject: "ecommerce_app",
    seen: /has a tenant by default.*in every database/,
  },
  {
    what: "a role that becomes another when it logs in",
    sql: "ALTER ROLE ecommerce_agent IN DATABASE DB SET role = 'ecommerce_app'",
    subject: "ecommerce_agent",
    seen: /becomes another role when it logs in: role=ecommerce_app/,
  },
  {
    what: "a database in which triggers don't fire",
    sql: "ALTER DATABASE DB SET session_replication_role = 'replica'",
    subject: "every role",
    seen: /works without triggers and foreign keys/,
  },
  {
    what: "a database with a tenant by default",
    sql: "ALTER DATABASE DB SET app.tenant_id = 'x'",
    subject: "every role",
    seen: /has a tenant by default/,
  },
  {
    what: "the event trigger dropped",
    sql: "DROP EVENT TRIGGER tenantry_isolate_partitions",
    subject: "event trigger tenantry_isolate_partitions",
    seen: /is missing: new partitions have no row level security/,
  },
  {
    what: "the event trigger disabled",
    sql: "ALTER EVENT TRIGGER tenantry_isolate_partitions DISABLE",
    subject: "event trigger tenantry_isolate_partitions",
    seen: /is disabled/,
  },
  {
    what: "the event trigger left to replicated commands",
    sql: "ALTER EVENT TRIGGER tenantry_isolate_partitions ENABLE REPLICA",
    subject: "event trigger tenantry_isolate_partitions",
    seen: /is disabled/,
  },
  {
    what: "an event trigger of that name that does nothing",
    sql: [
      "DROP EVENT TRIGGER tenantry_isolate_partitions",
      "CREATE FUNCTION ecommerce.nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
      "CREATE EVENT TRIGGER tenantry_isolate_partitions ON ddl_command_end EXECUTE FUNCTION ecommerce.nothing()",
    ],
    subject: "event trigger tenantry_isolate_partitions",
    seen: /calls ecommerce\.nothing\(\) at ddl_command_end of every command/,
    cleanUp: "DROP FUNCTION ecommerce.nothing()",
  },
  {
    what: "an event trigger that passes ATTACH PARTITION by",
    sql: [
      "DROP EVENT TRIGGER tenantry_isolate_partitions",
      "CREATE EVENT TRIGGER tenantry_isolate_partitions ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION tenantry.isolate_partitions()",
    ],
    subject: "event trigger tenantry_isolate_partitions",
    seen: /of CREATE TABLE; new partitions may have no row level security/,
  },
  {
    what: "a table that belongs to a role",
    sql: ["GRANT CREATE ON SCHEMA ecommerce TO ecommerce_app", "ALTER TABLE ecommerce.carts OWNER TO ecommerce_app"],
    subject: "ecommerce_app",
    seen: /may make things in the schema ecommerce|owns ecommerce\.carts/,
  },
  {
    what: "a view, a function, a type and a schema that belong to a role",
    sql: [
      "CREATE SCHEMA verify_owned",
      "CREATE VIEW verify_owned.v AS SELECT 1 AS one",
      "CREATE FUNCTION verify_owned.f(text) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
      "CREATE TYPE verify_owned.e AS ENUM ('a')",
      "ALTER SCHEMA verify_owned OWNER TO ecommerce_app",
      "ALTER VIEW verify_owned.v OWNER TO ecommerce_app",
      "ALTER FUNCTION verify_owned.f(text) OWNER TO ecommerce_app",
      "ALTER TYPE verify_owned.e OWNER TO ecommerce_app",
    ],
    subject: "ecommerce_app",
    seen: /owns the function verify_owned\.f\(.*text\).*owns the schema verify_owned.*owns the type verify_owned\.e.*owns the view verify_owned\.v/,
    cleanUp: "DROP SCHEMA verify_owned CASCADE",
  },
  {
    what: "a database that belongs to a role",
    sql: "ALTER DATABASE DB OWNER TO ecommerce_app",
    subject: "ecommerce_app",
    seen: /owns the database/,
  },
  {
    what: "a schema in which everybody makes things",
    sql: "GRANT CREATE ON SCHEMA public TO PUBLIC",
    subject: "PUBLIC",
    seen: /may make things in the schema public/,
  },
  {
    what: "a database in which a role makes schemas",
    sql: "GRANT CREATE ON DATABASE DB TO ecommerce_agent",
    subject: "ecommerce_agent",
    seen: /may make schemas in this database/,
  },
  {
    what: "a column of a tenant table granted beside the table",
    sql: "GRANT UPDATE (email) ON ecommerce.customers TO ecommerce_agent",
    subject: "ecommerce_agent",
    seen: /may UPDATE the column email of ecommerce\.customers/,
  },
  {
    what: "a view that everybody may read",
    sql: [
      "CREATE VIEW ecommerce.open WITH (security_invoker) AS SELECT 1 AS one",
      "GRANT SELECT ON ecommerce.open TO PUBLIC",
    ],
    subject: "PUBLIC",
    seen: /may SELECT ecommerce\.open/,
    cleanUp: "DROP VIEW ecommerce.open",
  },
  {
    what: "default privileges on tables that are not made yet",
    sql: "ALTER DEFAULT PRIVILEGES IN SCHEMA ecommerce GRANT SELECT ON TABLES TO ecommerce_agent",
    subject: "ecommerce_agent",
    seen: /may SELECT every table that .* makes in the schema ecommerce/,
  },
  {
    what: "default privileges for everybody",
    sql: "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC",
    subject: "PUBLIC",
    seen: /may TRUNCATE every table that .* makes/,
  },
  {
    what: "a parameter of the server that a role may set",
    sql: "GRANT SET ON PARAMETER session_replication_role TO ecommerce_app",
    subject: "ecommerce_app",
    seen: /may SET the server's parameter session_replication_role/,
  },
  {
    what: "a foreign server that a role may reach",
    sql: [
      "CREATE EXTENSION postgres_fdw",
      "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw",
      "GRANT USAGE ON FOREIGN SERVER elsewhere TO ecommerce_agent",
    ],
    subject: "ecommerce_agent",
    seen: /may reach the foreign server elsewhere/,
    cleanUp: "DROP EXTENSION postgres_fdw CASCADE",
  },
];
