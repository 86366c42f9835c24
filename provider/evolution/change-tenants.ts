import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Database } from "../postgres/database";
import { liftForce } from "../postgres/hidden-rows";
import { hasRows, type TableName } from "../postgres/live-tables";
import { type Reader, readerOf } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { lockTimeout } from "./phase-statements";

/** The tenants' values as text, also for an administrator whom row level security binds. */
export async function listTenants(
  { database }: Context,
  { column, rootSchema, root }: NonNullable<SchemaChangeInputs["tenant"]>,
): Promise<readonly string[]> {
  const name = quoteIdentifier(column);
  const rows = await unbound(database, { schema: rootSchema, table: root }, (read) =>
    read<{ tenant: string }>(
      `SELECT ${name}::text AS tenant FROM ${quoteQualified(rootSchema, root)} ORDER BY ${name}`,
    ),
  );
  return rows.map(({ tenant }) => tenant);
}

/** True if the table has a row of any tenant. */
export function hasAnyRow({ database }: Context, name: TableName): Promise<boolean> {
  return unbound(database, name, (read) => hasRows(read, name));
}

/** Reads all tenants' rows of a table for a moment. The lock that this takes makes others wait, so the read is short. */
function unbound<T>(database: Database, { schema, table }: TableName, look: (read: Reader) => Promise<T>): Promise<T> {
  return database.transaction(async (client) => {
    const read = readerOf(client);
    const bound = await isBound(read);
    if (bound) await client.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
    const putBack = bound ? await liftForce(client, [schema], [table]) : async () => {};
    const found = await look(read);
    await putBack();
    return found;
  });
}

/** True if row level security binds the login, so that it sees one tenant's rows at a time. */
export async function isBound(read: Reader): Promise<boolean> {
  const [login] = await read<{ bound: boolean }>(
    "SELECT NOT (rolsuper OR rolbypassrls) AS bound FROM pg_roles WHERE rolname = current_user",
  );
  return login?.bound === true;
}
