import { type FoundGrants, heldOn } from "./live-grants";
import { type TableName, tableId } from "./live-tables";
import { type FoundRowSecurity, policiesOf } from "./row-security";
import { type SequenceUse, sequencesOf } from "./sequences";
import type { Reader } from "./sql-statements";

/** Row security and grants of all tables and partitions, in two queries sent together. */
export interface TableSnapshot {
  /** A table and its partitions at every depth, partitions first. Empty if there is no such table. */
  rowSecurityOf(name: TableName): readonly FoundRowSecurity[];
  grantsOf(name: TableName): FoundGrants;
}

interface TableRow extends FoundRowSecurity {
  /** `SCHEMA.TABLE` of the parent if it is a partition. */
  readonly parent: string | null;
  readonly held: Readonly<Record<string, string[]>>;
  readonly sequences: readonly SequenceUse[];
}

export async function readTableSnapshot(read: Reader): Promise<TableSnapshot> {
  const [tables, schemas] = await Promise.all([
    read<TableRow>(tablesSql),
    read<{ schema: string; role: string }>(schemasSql),
  ]);
  const byId = new Map(tables.map((table) => [tableId(table), table]));
  const partitions = new Map<string, TableRow[]>();
  for (const table of tables) {
    if (table.parent !== null) partitions.set(table.parent, [...(partitions.get(table.parent) ?? []), table]);
  }
  const rowSecurityOf = (name: TableName): readonly FoundRowSecurity[] => {
    const table = byId.get(tableId(name));
    return table ? [...(partitions.get(tableId(name)) ?? []).flatMap(rowSecurityOf), table] : [];
  };
  return {
    rowSecurityOf,
    grantsOf: (name) => ({
      onTable: byId.get(tableId(name))?.held ?? {},
      onSchema: schemas.filter(({ schema }) => schema === name.schema).map(({ role }) => role),
      sequences: byId.get(tableId(name))?.sequences ?? [],
    }),
  };
}

const tablesSql = `
  SELECT nspname AS schema, c.relname AS table, relrowsecurity AS enabled, relforcerowsecurity AS forced,
    ${policiesOf("c.oid")} AS policies, ${heldOn("c")} AS held, ${sequencesOf("c.oid")} AS sequences,
    (SELECT parents.nspname || '.' || parent.relname FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent
     JOIN pg_namespace parents ON parents.oid = parent.relnamespace WHERE inhrelid = c.oid AND c.relispartition) AS parent
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema') AND relpersistence <> 't'
  ORDER BY nspname, c.relname`;

const schemasSql = `
  SELECT nspname AS schema, coalesce(rolname::text, 'PUBLIC') AS role
  FROM pg_namespace CROSS JOIN aclexplode(nspacl) LEFT JOIN pg_roles r ON r.oid = grantee
  WHERE grantee <> nspowner AND privilege_type = 'USAGE'`;
