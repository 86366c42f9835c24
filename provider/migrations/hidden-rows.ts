import type { Client } from "pg";
import { isServerError } from "../postgres/postgres-connection";
import { hiddenTable, runStatement } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";

/**
 * An administrator who is no superuser is bound by FORCE ROW LEVEL SECURITY, as managed services have it: what a file does
 * to rows would see none of them, and succeed. So it fails.
 */
export const seesAllRows = "row_security = off";

/** By which Citus' workers learn it too: they check a foreign key's rows by themselves, and would find none. */
export const tellsWorkers = "SET LOCAL citus.propagate_set_commands = 'local'";

/**
 * Runs `work`, and again where row level security hides rows that it needs: with FORCE lifted from that table, so that
 * its owner sees them. `work` is a transaction, so nothing of it stays in between.
 */
export async function seeingRows(
  { log }: Pick<Context, "log">,
  path: string,
  work: (lifted: readonly string[]) => Promise<void>,
): Promise<void> {
  const lifted: string[] = [];
  for (;;) {
    try {
      return await work(lifted);
    } catch (error) {
      const table = tableThatHides(error);
      if (table === undefined || lifted.includes(table)) throw error;
      lifted.push(table);
      log(`${path} needs rows of ${table}, which row level security hides: it runs with FORCE lifted from it`);
    }
  }
}

function tableThatHides(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isServerError(at)) return hiddenTable(at);
  }
  return undefined;
}

/**
 * Lifts FORCE from tables that tenantry's login owns. It takes an ACCESS EXCLUSIVE lock, so that nobody sees the table
 * without; others are bound as before, as no role of an application owns a table.
 *
 * @returns what puts it back, before the transaction may commit
 */
export async function liftForce(
  client: Client,
  schema: string,
  tables: readonly string[],
): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ oid: string }>(
    `SELECT c.oid::text AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = $1 AND relname = ANY ($2) AND relrowsecurity AND relforcerowsecurity AND pg_has_role(relowner, 'USAGE')`,
    [schema, tables],
  );
  const oids = rows.map(({ oid }) => oid).join(", ");
  if (oids === "") return async () => {};
  const each = (how: string) => ({
    sql: `DO $$ DECLARE lifted regclass; BEGIN
  FOR lifted IN SELECT oid FROM pg_class WHERE oid IN (${oids}) LOOP
    EXECUTE format('ALTER TABLE %s ${how} ROW LEVEL SECURITY', lifted);
  END LOOP; END $$`,
  });
  await runStatement(client, each("NO FORCE"));
  return async () => {
    // What is deferred keeps the table in use.
    await runStatement(client, { sql: "SET CONSTRAINTS ALL IMMEDIATE" });
    await runStatement(client, each("FORCE"));
  };
}
