import type { Client } from "pg";
import { inTransaction } from "../../provider/postgres/postgres-transaction";
import { readerOf } from "../../provider/postgres/sql-statements";
import type { Period } from "../aged-partition";
import { readColdFiles } from "../cold-catalog";
import { type ExportTable, type SurveyRow, surveySql, toSurvey, writingSettings } from "../export/survey";

/** Tenants whose rows in the table are not those of the batch's files: rows were deleted since, by them or an erasure. */
export async function changedTenants(
  client: Client,
  period: Period,
  batch: number,
  table: ExportTable,
): Promise<readonly string[]> {
  const rows = await inTransaction(
    client,
    async () => {},
    async () => {
      for (const setting of writingSettings) await client.query(setting);
      return (await client.query<SurveyRow>(surveySql(table))).rows;
    },
  );
  const live = new Map(
    toSurvey(table, rows).shares.map(({ tenant, rows, checksum }) => [tenant, `${rows} ${checksum}`]),
  );
  const files = new Map<string, { rows: number; checksum: bigint }>();
  for (const { tenant, rows, checksum, batch: of } of await readColdFiles(readerOf(client), period)) {
    if (of !== batch) continue;
    const sum = files.get(tenant) ?? { rows: 0, checksum: 0n };
    files.set(tenant, { rows: sum.rows + rows, checksum: sum.checksum + BigInt(checksum) });
  }
  return [...new Set([...live.keys(), ...files.keys()])].filter((tenant) => {
    const file = files.get(tenant);
    return live.get(tenant) !== (file && `${file.rows} ${file.checksum}`);
  });
}
