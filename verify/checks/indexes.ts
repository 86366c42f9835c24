import { quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, pass, warn } from "../finding";
import { type Target, tenantRelations } from "../target";

/** Index of a tenant table that roles can use only up to a column. */
interface HalfIndex {
  readonly table: string;
  readonly index: string;
  /** Column or expression from which the index is useless to them. */
  readonly column: string;
  /** Operator of it that may reveal a row before the policy has filtered it. */
  readonly operator: string;
  readonly isExpression: boolean;
  readonly rows: number;
}

/** Number of rows from which reading all of a tenant's takes longer than a request should. */
const manyRows = 10_000;
const mostShown = 10;

/**
 * PostgreSQL uses an index before the policy only if the operator can't reveal what it saw (`leakproof`). The same
 * look-up uses the index for an administrator, and reads every row of the tenant for a role.
 */
export const indexes: Check = {
  name: "indexes",
  scope: "tables",
  claim: "roles under row level security can look rows up by the indexes of tenant tables",
  async run(target) {
    const found = await readHalfIndexes(target);
    const subject = target.application.schema;
    const large = found.filter(({ rows }) => rows >= manyRows);
    if (large.length > 0) return large.slice(0, mostShown).map(tell);
    if (found.length === 0) return [pass(subject, "every index of a tenant table serves roles as it serves its owner")];
    const names = found.slice(0, mostShown).map(({ index, column }) => `${index} up to ${column}`);
    return [pass(subject, `tables are small still; roles can use only in part: ${names.join(", ")}`)];
  },
};

function tell({ table, index, column, operator, isExpression, rows }: HalfIndex): Finding {
  const why = isExpression ? `a function in ${column}` : `${operator} of ${column}`;
  return warn(
    table,
    `roles can't look up by ${column} in ${index}, as ${why} is not leakproof: they read all of a tenant's rows, of ${rows.toLocaleString("en")} in all (docs/rules/index-not-leakproof.md has the ways out)`,
  );
}

async function readHalfIndexes({ admin, application }: Target): Promise<readonly HalfIndex[]> {
  const names = tenantRelations({ application }).map(({ schema, name }) => quoteQualified(schema, name));
  const { rows } = await admin.query<HalfIndex>(halfIndexesSql, [names, application.tenant.column]);
  return rows;
}

/**
 * Finds a function of an expression by its oid in the stored tree, because built-in functions leave no dependency.
 * For an index other than btree and hash, one leakproof operator is enough.
 */
const halfIndexesSql = `
SELECT DISTINCT ON (n.nspname, c.relname, x.relname) n.nspname || '.' || c.relname AS table, x.relname::text AS index,
  pg_get_indexdef(i.indexrelid, key.position, true) AS column, coalesce(operators.name, 'the function') AS operator,
  i.indkey[key.position - 1] = 0 AND NOT coalesce(tree.is_leakproof, true) AS "isExpression",
  (SELECT coalesce(sum(greatest(leaf.reltuples, 0)), 0) FROM pg_class leaf
    WHERE leaf.oid = c.oid OR leaf.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))::float8 AS rows
FROM unnest($1::text[]) AS wanted(name) JOIN pg_class c ON c.oid = to_regclass(wanted.name)
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam
CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) AS key(position)
JOIN pg_opclass oc ON oc.oid = i.indclass[key.position - 1]
CROSS JOIN LATERAL (
  SELECT bool_or(p.proleakproof) AS is_leakproof, min(o.oprname) AS name
  FROM pg_amop a JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_proc p ON p.oid = o.oprcode
  WHERE a.amopfamily = oc.opcfamily AND a.amoplefttype = oc.opcintype AND a.amoppurpose = 's'
    AND (am.amname NOT IN ('btree', 'hash') OR o.oprname = '=' AND a.amoprighttype = oc.opcintype)
) AS operators
LEFT JOIN LATERAL (
  SELECT bool_and(p.proleakproof) AS is_leakproof
  FROM regexp_matches(i.indexprs::text, ':(?:funcid|opfuncid) (\\d+)', 'g') AS used(id) JOIN pg_proc p ON p.oid = used.id[1]::oid
) AS tree ON i.indkey[key.position - 1] = 0
WHERE pg_get_indexdef(i.indexrelid, key.position, false) <> quote_ident($2)
  AND NOT (coalesce(operators.is_leakproof, false) AND coalesce(tree.is_leakproof, true))
ORDER BY n.nspname, c.relname, x.relname, key.position`;
