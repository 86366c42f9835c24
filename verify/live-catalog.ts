import type { ClientBase } from "pg";
import { quoteQualified } from "../common/identifier";
import type { Relation } from "./target";

/** Table from the catalogs, with all that is needed to write a row into it. */
export interface CatalogTable extends Relation {
  readonly oid: number;
  /** True if row level security is enabled. */
  readonly isEnabled: boolean;
  readonly isForced: boolean;
  readonly policies: readonly Policy[];
  readonly columns: readonly Column[];
  /** CHECK constraints of the table and of its columns' domains. */
  readonly checks: readonly CheckConstraint[];
  /** Columns that no two rows may share, or overlap in. @default none */
  readonly keys?: readonly UniqueKey[];
  readonly foreignKeys: readonly CatalogForeignKey[];
  /** Partition column of a partitioned table, if it is a single one. */
  readonly partitionColumn: string | null;
  readonly partitions: readonly CatalogPartition[];
}

export interface Policy {
  readonly name: string;
  readonly isPermissive: boolean;
  /** `*`, `r`, `a`, `w` or `d`, as in pg_policy. */
  readonly command: string;
  readonly using: string | null;
  readonly check: string | null;
}

export interface Column {
  readonly name: string;
  /** Type as in a cast: `character varying(20)`. */
  readonly type: string;
  /** Base type without domains and modifiers: `varchar`. */
  readonly base: string;
  readonly domain: string | null;
  readonly isArray: boolean;
  readonly labels: readonly string[] | null;
  /** Range, multirange, or number of fields of a row type. @default a plain type */
  readonly shape?: "range" | "multirange" | number | null;
  /** Maximal length in characters. */
  readonly maxLength: number | null;
  /** True if an INSERT must name the column. */
  readonly isNeeded: boolean;
  readonly isGenerated: boolean;
  /** True if a sequence gives its values. */
  readonly isNumbered: boolean;
}

export interface CheckConstraint {
  readonly name: string;
  readonly columns: readonly string[];
  readonly definition: string;
}

interface UniqueKey {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface CatalogForeignKey {
  readonly columns: readonly string[];
  readonly parent: Relation;
  readonly parentColumns: readonly string[];
}

export interface CatalogPartition extends Relation {
  readonly isEnabled: boolean;
  readonly isForced: boolean;
  readonly policies: readonly Policy[];
  /** Lower bound as text; null for the default partition. */
  readonly from: string | null;
}

/** Reads those of the relations that exist, in the given order. */
export async function readTables(client: ClientBase, relations: readonly Relation[]): Promise<readonly CatalogTable[]> {
  const names = relations.map(({ schema, name }) => quoteQualified(schema, name));
  const { rows } = await client.query<{ table: CatalogTable }>(tableSql, [names]);
  return rows.map((row) => row.table);
}

const policies = (relation: string) => `
  coalesce((SELECT json_agg(json_build_object('name', pol.polname, 'isPermissive', pol.polpermissive, 'command', pol.polcmd,
      'using', pg_get_expr(pol.polqual, pol.polrelid), 'check', pg_get_expr(pol.polwithcheck, pol.polrelid)) ORDER BY pol.polname)
    FROM pg_policy pol WHERE pol.polrelid = ${relation}), '[]')`;

const columnNames = (relation: string, keys: string) => `
  (SELECT json_agg(a.attname ORDER BY k.position) FROM unnest(${keys}) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.attnum)`;

/** Domains of a type. A domain may be based on another one. */
const domainsOf = (type: string) => `
  WITH RECURSIVE domain (oid, base) AS (
    SELECT d.oid, d.typbasetype FROM pg_type d WHERE d.oid = ${type} AND d.typtype = 'd'
    UNION ALL SELECT d.oid, d.typbasetype FROM domain JOIN pg_type d ON d.oid = domain.base WHERE d.typtype = 'd'
  ) SELECT domain.oid FROM domain`;

const belowDomains = (type: string) => `
  coalesce((SELECT d.typbasetype FROM pg_type d WHERE d.oid IN (${domainsOf(type)})
    AND NOT EXISTS (SELECT FROM pg_type below WHERE below.oid = d.typbasetype AND below.typtype = 'd')), ${type})`;

const tableSql = `
SELECT json_build_object(
  'schema', n.nspname, 'name', c.relname, 'oid', c.oid::bigint,
  'isEnabled', c.relrowsecurity, 'isForced', c.relforcerowsecurity, 'policies', ${policies("c.oid")},
  'partitionColumn', (SELECT a.attname FROM pg_partitioned_table pt JOIN pg_attribute a
      ON a.attrelid = pt.partrelid AND a.attnum = pt.partattrs[0] WHERE pt.partrelid = c.oid AND pt.partnatts = 1),
  'columns', (
    SELECT json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', b.typname,
      'domain', CASE WHEN t.typtype = 'd' THEN t.typname END, 'isArray', t.typcategory = 'A',
      'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid),
      'shape', CASE b.typtype WHEN 'r' THEN to_json('range'::text) WHEN 'm' THEN to_json('multirange'::text)
        WHEN 'c' THEN to_json((SELECT count(*) FROM pg_attribute f WHERE f.attrelid = b.typrelid AND f.attnum > 0 AND NOT f.attisdropped)) END,
      'maxLength', CASE WHEN b.typname IN ('varchar', 'bpchar') AND greatest(a.atttypmod, t.typtypmod) > 4
        THEN greatest(a.atttypmod, t.typtypmod) - 4 END,
      'isNeeded', (a.attnotnull OR t.typnotnull) AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL,
      'isGenerated', a.attgenerated <> '' OR a.attidentity = 'a',
      'isNumbered', a.attidentity <> '' OR pg_get_serial_sequence(c.oid::regclass::text, a.attname) IS NOT NULL) ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      JOIN pg_type b ON b.oid = ${belowDomains("t.oid")}
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'checks', coalesce((
    SELECT json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid),
      'columns', ${columnNames("c.oid", "k.conkey")}))
    FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'), '[]')::jsonb || coalesce((
    SELECT json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid), 'columns', json_build_array(a.attname)))
    FROM pg_attribute a CROSS JOIN LATERAL (${domainsOf("a.atttypid")}) AS its (domain)
      JOIN pg_constraint k ON k.contypid = its.domain AND k.contype = 'c'
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]')::jsonb,
  'keys', coalesce((
    SELECT json_agg(json_build_object('name', i.relname, 'columns', ${columnNames("c.oid", "x.indkey::int2[]")}))
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = c.oid AND (x.indisunique OR x.indisexclusion)), '[]'),
  'foreignKeys', coalesce((
    SELECT json_agg(json_build_object('columns', ${columnNames("c.oid", "k.conkey")},
      'parent', json_build_object('schema', pn.nspname, 'name', pc.relname),
      'parentColumns', ${columnNames("pc.oid", "k.confkey")}))
    FROM pg_constraint k JOIN pg_class pc ON pc.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace
    WHERE k.conrelid = c.oid AND k.contype = 'f' AND NOT pc.relispartition), '[]'),
  'partitions', coalesce((
    SELECT json_agg(json_build_object('schema', pn.nspname, 'name', p.relname, 'isEnabled', p.relrowsecurity,
      'isForced', p.relforcerowsecurity, 'policies', ${policies("p.oid")},
      'from', substring(pg_get_expr(p.relpartbound, p.oid) FROM 'FROM \\(''([^'']*)''')) ORDER BY p.relname)
    FROM pg_partition_tree(c.oid) tree JOIN pg_class p ON p.oid = tree.relid AND tree.level > 0
      JOIN pg_namespace pn ON pn.oid = p.relnamespace), '[]')
) AS table
FROM unnest($1::text[]) WITH ORDINALITY AS wanted(name, position)
  JOIN pg_class c ON c.oid = to_regclass(wanted.name) JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY wanted.position`;
