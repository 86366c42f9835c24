import type { Role } from "../../architecture/application";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Check } from "../check";
import { type Finding, fail, pass, warn } from "../finding";
import type { CatalogTable } from "../live-catalog";
import { type Attempt, type Attempter, fixedValues, type Probing, withProbes } from "../probing";
import { NoRow, type PlannedRow, planRow, type Row } from "../row-writer";
import { type Relation, type Target, tenantRelations } from "../target";

/** Tries, as each of the application's roles, to access another tenant's rows in every tenant table and partition. */
export const isolation: Check = {
  name: "isolation",
  claim: "no role sees, writes, moves or deletes another tenant's rows, in any tenant table or partition",
  run: (target) =>
    withProbes(target, async (probing) => {
      const findings: Finding[] = [];
      for (const { schema, name } of tenantRelations(target)) {
        const table = probing.tables.find((known) => known.schema === schema && known.name === name);
        if (table) findings.push(...(await checkTable(target, probing, table)));
        else findings.push(fail(`${schema}.${name}`, "the table is not there"));
      }
      return findings;
    }),
};

async function checkTable(target: Target, probing: Probing, table: CatalogTable): Promise<readonly Finding[]> {
  const relations = [table, ...table.partitions];
  const findings: Finding[] = [];
  let attempts = 0;
  let closed = 0;
  for (const relation of relations) {
    const unforced = [
      ...(relation.isEnabled ? [] : ["row level security is not enabled"]),
      ...(relation.isForced ? [] : ["row level security is not forced"]),
    ];
    const seen: Seen = { attempts: 0, wrong: unforced, unclear: [] };
    for (const role of await rolesThatReach(target, relation))
      await tryRole(target, probing, table, relation, role, seen);
    attempts += seen.attempts;
    if (relation !== table && seen.attempts === 0) closed += 1;
    findings.push(...conclude(probing, relation, seen));
  }
  if (findings.some(({ outcome }) => outcome === "fail")) return findings;
  return [pass(title(table), summary(table, attempts, closed)), ...findings];
}

interface Seen {
  attempts: number;
  readonly wrong: string[];
  readonly unclear: string[];
}

function conclude(probing: Probing, relation: Relation, { attempts, wrong, unclear }: Seen): readonly Finding[] {
  if (wrong.length > 0) return [fail(title(relation), [...new Set(wrong)].join("; "))];
  if (attempts === 0) return [];
  const reason = probing.reason(relation);
  if (reason !== undefined) {
    return [warn(title(relation), `could not build a row (${reason}): tried on the rows that were there`)];
  }
  return unclear.length > 0 ? [warn(title(relation), [...new Set(unclear)].join("; "))] : [];
}

function summary({ partitions }: CatalogTable, attempts: number, closed: number): string {
  const tried = attempts > 0 ? `${attempts} attempts: own rows only` : "isolated, and no role may use it";
  const open = partitions.length - closed;
  const parts = [
    ...(open > 0 ? [`${open} partitions tried as well`] : []),
    ...(closed > 0 ? [`${closed} partitions isolated, and no role may use them`] : []),
  ];
  return [tried, ...parts].join("; ");
}

const title = ({ schema, name }: Relation) => `${schema}.${name}`;

/** Roles with any privilege on the relation. Others are refused before row level security is asked. */
async function rolesThatReach({ admin, application }: Target, relation: Relation): Promise<readonly Role[]> {
  const { rows } = await admin.query<{ user: string }>(
    `SELECT r.rolname AS user FROM pg_roles r WHERE r.rolname = ANY ($1)
     AND has_any_column_privilege(r.oid, to_regclass($2), 'SELECT, INSERT, UPDATE')
     OR r.rolname = ANY ($1) AND has_table_privilege(r.oid, to_regclass($2), 'DELETE')`,
    [application.roles.map(({ user }) => user), quoteQualified(relation.schema, relation.name)],
  );
  return application.roles.filter((role) => rows.some(({ user }) => user === role.user));
}

async function tryRole(
  target: Target,
  probing: Probing,
  table: CatalogTable,
  relation: Relation,
  role: Role,
  seen: Seen,
): Promise<void> {
  const [owner, stranger] = probing.tenants;
  const tenant = quoteIdentifier(target.application.tenant.column);
  const name = quoteQualified(relation.schema, relation.name);
  const forge = await forgedInsert(target, probing, table, relation);
  const note = (what: string, verdict: Verdict) => {
    seen.attempts += 1;
    if (verdict.outcome === "leak") seen.wrong.push(`${role.user} ${what}${verdict.detail}`);
    if (verdict.outcome === "unclear") seen.unclear.push(`${role.user}: ${verdict.detail}`);
  };

  await probing.as(role, undefined, async (attempt) => {
    note("sees rows without a tenant", noRows(await attempt(`SELECT count(*)::text AS n FROM ${name}`)));
    if (forge) note("inserts without a tenant", refused(await forge(attempt)));
  });

  await probing.as(role, stranger, async (attempt) => {
    const others = await attempt(`SELECT count(*)::text AS n FROM ${name} WHERE ${tenant} IS DISTINCT FROM $1`, [
      stranger,
    ]);
    note("sees other tenants' rows", noRows(others));
    const ofOwner = await attempt(`SELECT count(*)::text AS n FROM ${name} WHERE ${tenant} = $1`, [owner]);
    note("sees another tenant's row", noRows(ofOwner));
    if (probing.row(stranger, relation)) {
      const own = await attempt(`SELECT count(*)::text AS n FROM ${name} WHERE ${tenant} = $1`, [stranger]);
      if (own.refused === undefined && count(own) === 0)
        seen.wrong.push(`${role.user} does not see its own tenant's row`);
      const move = await attempt(`UPDATE ${name} SET ${tenant} = $2 WHERE ${tenant} = $1`, [stranger, owner]);
      // A row that the role does not see is not moved, as the line above checks.
      if (move.refused !== undefined || move.count > 0) note("moves a row into another tenant", refused(move));
    }
    if (forge) note("inserts a row of another tenant", refused(await forge(attempt)));
    const column = table.columns.find((each) => !each.isGenerated && each.name !== target.application.tenant.column);
    if (column) {
      const self = quoteIdentifier(column.name);
      const update = await attempt(`UPDATE ${name} SET ${self} = ${self} WHERE ${tenant} = $1`, [owner]);
      note("updates another tenant's rows", untouched(update));
    }
    const deletion = await attempt(`DELETE FROM ${name} WHERE ${tenant} = $1`, [owner]);
    note("deletes another tenant's rows", untouched(deletion));
  });
}

/** Plans an INSERT of a row of the owner; undefined if no row can be invented. */
async function forgedInsert(
  target: Target,
  probing: Probing,
  table: CatalogTable,
  relation: Relation,
): Promise<((attempt: Attempter) => Promise<Attempt>) | undefined> {
  const [owner] = probing.tenants;
  const partition = table.partitions.find(({ schema, name }) => schema === relation.schema && name === relation.name);
  const placed: Row =
    partition && table.partitionColumn !== null ? { [table.partitionColumn]: partition.from ?? "1900-01-01" } : {};
  const fixed = { ...fixedValues(target, table), [target.application.tenant.column]: owner, ...placed };
  try {
    const into = { ...table, schema: relation.schema, name: relation.name };
    const forged = await planRow(into, fixed, probing.parentOf(owner));
    return (attempt) => insertVarying(forged, attempt);
  } catch (error) {
    if (error instanceof NoRow) return undefined;
    throw error;
  }
}

/** A row that a CHECK refuses has passed row level security. Varied, it shows if the INSERT would succeed. */
async function insertVarying(row: PlannedRow, attempt: Attempter): Promise<Attempt> {
  for (let tries = 1; ; tries += 1) {
    const { sql, values } = row.statement();
    const made = await attempt(sql, values);
    const isStopped = made.refused !== undefined && made.code === "23514";
    if (!isStopped || tries >= 20 || !row.vary(made)) return made;
  }
}

interface Verdict {
  readonly outcome: "held" | "leak" | "unclear";
  readonly detail: string;
}

const held: Verdict = { outcome: "held", detail: "" };

function noRows(attempt: Attempt): Verdict {
  if (attempt.refused !== undefined) return ofRefusal(attempt);
  const rows = count(attempt);
  return rows === 0 ? held : { outcome: "leak", detail: ` (${rows})` };
}

function untouched(attempt: Attempt): Verdict {
  if (attempt.refused !== undefined) return ofRefusal(attempt);
  return attempt.count === 0 ? held : { outcome: "leak", detail: ` (${attempt.count})` };
}

/** PostgreSQL checks row level security before constraints, so a constraint error means that a row passed. */
function refused(attempt: Attempt): Verdict {
  if (attempt.refused === undefined) return { outcome: "leak", detail: "" };
  if (!attempt.code.startsWith("23")) return ofRefusal(attempt);
  return { outcome: "leak", detail: `: only a constraint stopped it (${attempt.refused})` };
}

/** Refusal by a privilege or a policy (42501), or by Citus, which never moves a row to another shard (0A000). */
function ofRefusal({ code, refused: message }: Extract<Attempt, { code: string }>): Verdict {
  return code === "42501" || code === "0A000" ? held : { outcome: "unclear", detail: message };
}

function count(attempt: Extract<Attempt, { rows: readonly Row[] }>): number {
  return Number(attempt.rows[0]?.n ?? 0);
}
