import type { Client } from "pg";
import type { TenantType } from "../architecture/application";
import type { Reader } from "../provider/postgres/sql-statements";

export interface LegalHold {
  readonly tenant: string;
  readonly reason: string;
  readonly by: string;
}

/** Puts a tenant under legal hold, or gives another reason. The catalog has tenants as PostgreSQL writes their type. */
export async function hold(client: Client, type: TenantType, { tenant, reason, by }: LegalHold): Promise<void> {
  await client.query(
    `INSERT INTO tenantry.legal_hold (tenant, reason, held_by) VALUES ($1::text::${type}::text, $2, $3)
     ON CONFLICT (tenant) DO UPDATE SET reason = excluded.reason, held_by = excluded.held_by`,
    [tenant, reason, by],
  );
}

/** Ends a hold. False if there was none. */
export async function release(client: Client, type: TenantType, tenant: string): Promise<boolean> {
  const { rowCount } = await client.query(`DELETE FROM tenantry.legal_hold WHERE tenant = $1::text::${type}::text`, [
    tenant,
  ]);
  return rowCount === 1;
}

/** The tenants that are held, in any of the databases. */
export async function readLegalHolds(databases: readonly Reader[]): Promise<readonly string[]> {
  const held = new Set<string>();
  for (const read of databases) {
    for (const { tenant } of await read<{ tenant: string }>("SELECT tenant FROM tenantry.legal_hold")) held.add(tenant);
  }
  return [...held].sort();
}
