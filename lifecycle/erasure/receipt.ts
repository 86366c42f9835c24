import { createHash } from "node:crypto";
import type { Client } from "pg";

/** What an erasure erases. */
export interface ErasureScope {
  /** The tenant column's value. */
  readonly tenant: string;
  /** A person inside the tenant, by the columns that name it. @default everything of the tenant */
  readonly person?: readonly PersonCondition[];
}

export interface PersonCondition {
  /** @default every table with the column */
  readonly table?: string;
  readonly column: string;
  readonly value: string;
}

/** What was erased in one place. */
export interface Erased {
  readonly rows?: number;
  readonly files?: number;
  readonly bytes?: number;
}

/** Erased rows, files and bytes by place: a table, or `cold SCHEMA.TABLE`. */
export type ErasedByPlace = Readonly<Record<string, Erased>>;

export interface Receipt {
  readonly id: string;
  readonly tenant: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly erased: ErasedByPlace;
}

/** The person as the receipt has it: columns, and a hash that proves a value without naming it. */
function personOf({ tenant, person }: ErasureScope): string | null {
  if (!person) return null;
  return JSON.stringify(
    person.map(({ table, column, value }) => ({
      ...(table && { table }),
      column,
      sha256: createHash("sha256").update(`${tenant}\n${value}`).digest("hex"),
    })),
  );
}

const receiptColumns = `id, tenant, started_at AS "startedAt", ended_at AS "endedAt", erased`;

/** Begins a receipt, or goes on with that of an erasure that was interrupted. */
export async function beginReceipt(client: Client, scope: ErasureScope, by: string): Promise<Receipt> {
  const values = [scope.tenant, personOf(scope)];
  const found = await client.query<Receipt>(
    `SELECT ${receiptColumns} FROM tenantry.erasure
     WHERE tenant = $1 AND person IS NOT DISTINCT FROM $2::jsonb AND ended_at IS NULL ORDER BY started_at LIMIT 1`,
    values,
  );
  const { rows } = found.rows[0]
    ? found
    : await client.query<Receipt>(
        `INSERT INTO tenantry.erasure (tenant, person, erased_by) VALUES ($1, $2, $3) RETURNING ${receiptColumns}`,
        [...values, by],
      );
  const [receipt] = rows;
  if (!receipt) throw new Error("the receipt was not written");
  return receipt;
}

/** Adds to the receipt, in the transaction that erases. */
export async function addToReceipt(client: Client, id: string, place: string, erased: Erased): Promise<void> {
  const { rows } = await client.query<{ erased: ErasedByPlace }>(
    "SELECT erased FROM tenantry.erasure WHERE id = $1 FOR UPDATE",
    [id],
  );
  const before = rows[0]?.erased ?? {};
  const old = before[place] ?? {};
  const keys = [...new Set([...Object.keys(old), ...Object.keys(erased)])] as (keyof Erased)[];
  const sum = Object.fromEntries(keys.map((key) => [key, (old[key] ?? 0) + (erased[key] ?? 0)]));
  await client.query("UPDATE tenantry.erasure SET erased = $2 WHERE id = $1", [
    id,
    JSON.stringify({ ...before, [place]: sum }),
  ]);
}

export async function endReceipt(client: Client, id: string): Promise<Receipt> {
  const { rows } = await client.query<Receipt>(
    `UPDATE tenantry.erasure SET ended_at = now() WHERE id = $1 RETURNING ${receiptColumns}`,
    [id],
  );
  const [receipt] = rows;
  if (!receipt) throw new Error("the receipt is not there any more");
  return receipt;
}
