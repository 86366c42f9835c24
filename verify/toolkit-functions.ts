import type { Declaration } from "../architecture/data-plane/declaration";
import { type Finding, fail } from "./finding";
import type { Target } from "./target";

/** Function that a file of `sql/base` creates. */
interface MadeFunction {
  readonly path: string;
  readonly schema: string;
  readonly name: string;
  readonly body: string;
}

/** Finds functions of the toolkit that were changed or dropped. The ledger records only files. */
export async function changedFunctions({ admin, declarations }: Target): Promise<readonly Finding[]> {
  const made = declarations.flatMap(functionsOf);
  const { rows } = await admin.query<{ path: string; name: string; seen: string }>(
    `SELECT made.path, made.schema || '.' || made.name AS name,
       CASE WHEN p.oid IS NULL THEN 'is missing' WHEN p.prosecdef THEN 'runs as its owner, whom no policy holds' ELSE 'was changed' END AS seen
     FROM jsonb_to_recordset($1::jsonb) AS made (path text, schema text, name text, body text)
     LEFT JOIN pg_namespace n ON n.nspname = made.schema LEFT JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = made.name
     WHERE p.oid IS NULL OR p.prosecdef OR p.prosrc <> made.body ORDER BY 2`,
    [JSON.stringify(made)],
  );
  return rows.map(({ path, name, seen }) =>
    fail(
      `function ${name}`,
      `${seen}: DELETE FROM tenantry.migrations WHERE path = '${path}', then run \`tenantry up --refresh\``,
    ),
  );
}

/** Functions with a dollar-quoted body. PostgreSQL stores a body written with RETURN in another form. */
function functionsOf({ noun, inputs }: Declaration): MadeFunction[] {
  if (noun !== "Migration" || inputs.apply !== "onChange") return [];
  return inputs.statements.flatMap(({ sql }) => {
    const [, head, body] = /CREATE OR REPLACE FUNCTION\s+([^(]+)\([\s\S]*?\bAS \$\$([\s\S]*)\$\$/.exec(sql) ?? [];
    const [schema, name] = (head ?? "").split(".").map((part) => part.trim().replace(/^"(.*)"$/, "$1"));
    return schema && name && body !== undefined ? [{ path: inputs.path, schema, name, body }] : [];
  });
}
