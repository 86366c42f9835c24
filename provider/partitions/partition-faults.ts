import { type TableName, tableId } from "../postgres/live-tables";
import type { Reader, Statement } from "../postgres/sql-statements";

interface FoundFaults {
  readonly faults: readonly string[];
  /** True if pg_partman's own maintenance is in force, and this role may replace it. */
  readonly isForeign: boolean;
}

/** Makes pg_partman's worker run the toolkit's maintenance, and its functions calculate in UTC. */
export const takeOver: Statement = { sql: "SELECT tenantry.take_over_partman()" };

/** Faults of a set; undefined if the database lacks the toolkit. */
export async function readFaults(read: Reader, name: TableName): Promise<FoundFaults | undefined> {
  const [base] = await read<{ there: boolean }>(
    "SELECT to_regprocedure('tenantry.partition_faults(text)') IS NOT NULL AS there",
  );
  if (!base?.there) return undefined;
  const [found] = await read<FoundFaults>(
    `SELECT ARRAY(SELECT tenantry.partition_faults($1)) AS faults, EXISTS (
       SELECT FROM tenantry.foreign_partman_routines() JOIN pg_proc ON oid = routine WHERE pg_has_role(proowner, 'USAGE')
     ) AS "isForeign"`,
    [tableId(name)],
  );
  return found;
}
