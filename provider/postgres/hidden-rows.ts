import type { Client } from "pg";
import { quoteLiteral } from "../../common/identifier";
import type { Context } from "../protocol/resource-context";
import { isServerError } from "./postgres-connection";
import { hiddenTable, runStatement } from "./sql-statements";

/**
 * FORCE ROW LEVEL SECURITY binds an administrator who is no superuser, as on managed services. A statement that
 * reads or changes rows, or a constraint on them, would then see none of them, and succeed. With this setting it fails.
 */
export const seesAllRows = "row_security = off";

/** Also sends SET LOCAL to Citus' workers: they check a foreign key's rows themselves, and would find none. */
export const reachesWorkers = "SET LOCAL citus.propagate_set_commands = 'local'";

/**
 * Runs `work`, and repeats it if row level security hides rows that it needs, with FORCE lifted from that table, so
 * that its owner sees them. `work` is a transaction, so the first attempt leaves nothing.
 */
export async function seeingRows<T>(
  { log }: Pick<Context, "log">,
  what: string,
  work: (lifted: readonly string[]) => Promise<T>,
): Promise<T> {
  const lifted: string[] = [];
  for (;;) {
    try {
      return await work(lifted);
    } catch (error) {
      const table = tableThatHides(error);
      if (table === undefined || lifted.includes(table)) throw error;
      lifted.push(table);
      log(`${what} needs rows of ${table}, which row level security hides: it runs with FORCE lifted from it`);
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
 * Lifts FORCE from tables that tenantry's login owns. This takes an ACCESS EXCLUSIVE lock, so no other session sees
 * the table without FORCE. Other roles stay bound, because no role of an application owns a table.
 *
 * @returns the function that restores FORCE; call it before the commit
 */
export async function liftForce(
  client: Client,
  schemas: readonly string[],
  tables: readonly string[],
): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ oid: string; name: string }>(
    `SELECT c.oid::text AS oid, format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = ANY ($1) AND relname = ANY ($2) AND relrowsecurity AND relforcerowsecurity AND pg_has_role(relowner, 'USAGE')`,
    [schemas, tables],
  );
  if (rows.length === 0) return async () => {};
  // By both, because a file may rename a table, and Citus makes a table anew under its name.
  const oids = rows.map(({ oid }) => oid).join(", ");
  const names = rows.map(({ name }) => quoteLiteral(name)).join(", ");
  const each = (how: string) => ({
    sql: `DO ${quoteLiteral(`DECLARE lifted regclass; BEGIN
  FOR lifted IN SELECT oid FROM pg_class WHERE oid IN (${oids}) OR oid IN (SELECT to_regclass(name) FROM unnest(ARRAY[${names}]) AS name) LOOP
    EXECUTE format('ALTER TABLE %s ${how} ROW LEVEL SECURITY', lifted);
  END LOOP; END`)}`,
  });
  await runStatement(client, each("NO FORCE"));
  return async () => {
    // Deferred constraints keep the table in use.
    await runStatement(client, { sql: "SET CONSTRAINTS ALL IMMEDIATE" });
    await runStatement(client, each("FORCE"));
  };
}
