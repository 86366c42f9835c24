import type { ClientBase } from "pg";
import { ClaimCheckError } from "../errors";
import { type MasterKey, MasterKeys } from "./master-key";

export interface RotationOptions {
  /** The new master key first, then those that it replaces. */
  readonly masterKeys: readonly MasterKey[];
  /** The schema of the keys: a tenant's own, if each tenant has a schema. @default "tenantry" */
  readonly schema?: string;
}

interface Row {
  readonly tenant: string;
  readonly key_id: string;
  readonly wrapped: string;
  readonly master_key: string;
}

const batch = 500;

/**
 * Encrypts all tenants' keys with the first master key, which may then replace the others. The tenants' keys stay, so no
 * object is written again. Each key commits by itself, so a killed run goes on where it ended.
 *
 * @param client a connection outside a transaction, as a role that row level security does not bind
 * @returns the number of keys that changed
 */
export async function rotateMasterKey(client: ClientBase, options: RotationOptions): Promise<number> {
  const keys = new MasterKeys(options.masterKeys);
  const table = `${client.escapeIdentifier(options.schema ?? "tenantry")}.tenant_key`;
  const column = await tenantColumn(client, table);
  const tenant = client.escapeIdentifier(column);
  // A role that row level security binds would see no row, and believe that all keys are rotated.
  await client.query("SET row_security = off");
  try {
    for (let changed = 0; ; ) {
      const { rows } = await client.query<Row>(
        `SELECT ${tenant}::text AS tenant, key_id, wrapped, master_key FROM ${table} WHERE master_key <> $1 LIMIT ${batch}`,
        [keys.current],
      );
      if (rows.length === 0) return changed;
      for (const row of rows) {
        const next = keys.wrap(row.key_id, keys.unwrap(row.key_id, row));
        // An unknown literal takes the column's type, which Citus needs for its choice of a shard.
        await client.query(
          `UPDATE ${table} SET wrapped = $1, master_key = $2
           WHERE ${tenant} = ${client.escapeLiteral(row.tenant)} AND key_id = $3 AND wrapped = $4`,
          [next.wrapped, next.master_key, row.key_id, row.wrapped],
        );
        changed += 1;
      }
    }
  } finally {
    await client.query("RESET row_security");
  }
}

/** The key's only column. */
async function tenantColumn(client: ClientBase, table: string): Promise<string> {
  const { rows } = await client.query<{ column: string }>(
    `SELECT attname AS column FROM pg_catalog.pg_index JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
     WHERE indrelid = to_regclass($1) AND indisprimary`,
    [table],
  );
  if (rows[0]) return rows[0].column;
  throw new ClaimCheckError(`There is no table ${table}: run \`tenantry up\`, or name the schema of the keys`);
}
