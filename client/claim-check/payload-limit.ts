import type { TenantClient } from "../transaction";

/** Time after which a limit that was changed by `up` is noticed. */
const memoryMs = 60_000;

/** The outbox's limit, which has its bytes in the name of a constraint. */
export class PayloadLimit {
  private known: { readonly bytes: number; readonly until: number } | undefined;

  /** True if the outbox would refuse this JSON. */
  async isExceededBy(client: TenantClient, json: string): Promise<boolean> {
    const limit = await this.read(client);
    const bytes = Buffer.byteLength(json);
    if (bytes > limit) return true;
    // PostgreSQL's own text of it has blanks behind colons and commas, and writes 1e+21 out.
    const most = bytes + (json.match(/[:,]/g)?.length ?? 0);
    if (most <= limit && !/\de[+-]?\d/i.test(json)) return false;
    const { rows } = await client.query<{ bytes: number }>("SELECT octet_length($1::jsonb::text) AS bytes", [json]);
    return (rows[0]?.bytes ?? 0) > limit;
  }

  private async read(client: TenantClient): Promise<number> {
    if (this.known && Date.now() < this.known.until) return this.known.bytes;
    const { rows } = await client.query<{ bytes: string | null }>(
      `SELECT min(substring(conname FROM '^payload_at_most_(\\d+)_bytes')::bigint) AS bytes
       FROM pg_catalog.pg_constraint JOIN pg_catalog.pg_class ON pg_class.oid = conrelid
       WHERE contype = 'c' AND relname = 'outbox' AND conname LIKE 'payload\\_at\\_most\\_%'`,
    );
    const bytes = Number(rows[0]?.bytes ?? Number.POSITIVE_INFINITY);
    this.known = { bytes, until: Date.now() + memoryMs };
    return bytes;
  }
}
