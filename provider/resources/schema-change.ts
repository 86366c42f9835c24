import { z } from "zod";
import { type Phase, pathBetween, phaseNumber, phases } from "../../architecture/changes/phase";
import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { durationMs, formatDuration } from "../../common/duration";
import { quoteQualified } from "../../common/identifier";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import { countDisagreements, disagreementProblem } from "../evolution/agreement";
import { backfill } from "../evolution/backfill";
import {
  type ChangeRecord,
  definitionOf,
  forgetChange,
  readRecord,
  recordPhase,
  recordStatements,
} from "../evolution/change-record";
import { hasAnyRow } from "../evolution/change-tenants";
import { findDependents, findStatements, ranSince } from "../evolution/column-users";
import { entering, leaving, lockTimeout, validation } from "../evolution/phase-statements";
import { requireTable } from "../postgres/live-tables";
import { type Reader, runStatements, type Statement } from "../postgres/sql-statements";
import { duration, identifier } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

const columnValue = z.object({ name: identifier, value: z.string(), valueOfNew: z.string() });

/**
 * A change of a table's columns in phases. The database records the phase, so a run after a kill goes on, and a stack
 * whose Pulumi state was lost adopts it.
 */
export const schemaChange: ResourceHandler<SchemaChangeInputs> = {
  noun: "SchemaChange",

  inputs: z.object({
    change: z.string().min(1),
    path: z.string().min(1),
    schema: identifier,
    table: identifier,
    phase: z.enum(phases),
    key: z.array(identifier).min(1),
    tenant: z.object({ column: identifier, rootSchema: identifier, root: identifier }).exactOptional(),
    add: z.array(columnValue.extend({ type: z.string(), notNull: z.boolean() })),
    drop: z.array(columnValue),
    soak: duration,
  }) satisfies z.ZodType<SchemaChangeInputs>,

  check(old, next, allow) {
    if (!old) return [];
    return [
      ...(definitionOf(old) === definitionOf(next) ? [] : [definitionChanged(next, old.phase)]),
      ...stepProblems(next, old.phase),
      ...(old.phase === next.phase ? [] : optInProblems(next, allow)),
    ];
  },

  diff(old, next) {
    const differences = old.phase === next.phase ? [] : [{ path: "phase", how: "update" as const }];
    return definitionOf(old) === definitionOf(next)
      ? differences
      : [...differences, { path: "add", how: "update" as const }];
  },

  preview(old, next) {
    if (!next) return old ? previewDelete(old) : [];
    return pathBetween(old?.phase, next.phase).flatMap((phase, index, path) => {
      const from = index === 0 ? old?.phase : path[index - 1];
      return phase === undefined ? [] : previewMove(next, from, phase);
    });
  },

  async previewLive(read, old, next) {
    const lines = schemaChange.preview(old, next);
    if (!next || old?.phase === next.phase) return lines;
    const [size] = await read<{ rows: string; partitions: string }>(
      `SELECT round(sum(greatest(reltuples, 0)))::bigint::text AS rows, count(*)::text AS partitions
       FROM pg_partition_tree(to_regclass($1)) JOIN pg_class c ON c.oid = relid WHERE isleaf`,
      [quoteQualified(next.schema, next.table)],
    );
    const parts = size && Number(size.partitions) > 1 ? ` in ${size.partitions} partitions` : "";
    return [`-- ${next.schema}.${next.table} has about ${size?.rows ?? 0} rows${parts}`, ...lines];
  },

  async create(context, next) {
    return { id: `${next.schema}.${next.change}`, state: await apply(context, next) };
  },

  update: (context, _id, _old, next) => apply(context, next),

  async delete(context, _id, old) {
    const record = await readRecord(context.database.query.bind(context.database), old);
    if (record?.phase === "contract" || !record) return;
    if (record.phase !== "expand") throw new Problems([notBack(old, record.phase)]);
    await move(context, leaving(old, "expand"), [forgetChange(old)]);
    context.log(`${old.change}: the new columns are gone; the change has not begun any more`);
  },

  async read({ database }, _id, old) {
    const record = old && (await readRecord(database.query.bind(database), old));
    return record && { ...old, phase: record.phase };
  },
};

function previewDelete(old: SchemaChangeInputs): readonly string[] {
  if (old.phase === "contract") return [`-- ${old.change} has ended: what it made stays`];
  if (old.phase !== "expand") return [`-- refused: ${old.change} first goes back to the phase expand`];
  return leaving(old, "expand").map(({ sql }) => sql);
}

function previewMove(next: SchemaChangeInputs, from: Phase | undefined, to: Phase): readonly string[] {
  const isForward = phaseNumber(to) > phaseNumber(from);
  const statements = isForward || from === undefined || from === "contract" ? entering(next, to) : leaving(next, from);
  const lines = statements.map(({ sql }) => sql);
  const title = `-- ${isForward ? "phase" : "back to phase"} ${to}:`;
  if (to === "backfill" && isForward) {
    const validated = validation(next).map(({ sql }) => sql);
    return [
      `${title} fills the rows that exist in batches that each commit; other sessions wait for no table lock`,
      ...(validated.length > 0 ? ["-- then, while others read and write:", ...validated] : []),
    ];
  }
  if (to === "switch-reads" && isForward) {
    return [
      `${title} compares the old and the new columns of every row, and refuses to go on if they disagree`,
      ...lines,
    ];
  }
  if (to === "contract") {
    return [
      `${title} drops columns with their values, ${formatDuration(next.soak)} after switch-reads at the earliest`,
      ...lines,
    ];
  }
  return lines.length === 0
    ? [title]
    : [`${title} holds ACCESS EXCLUSIVE for a moment, waits ${lockTimeout} for it at most`, ...lines];
}

/** Walks from the recorded phase to the wanted one. Each phase is recorded in the transaction of its statements. */
async function apply(context: Context, next: SchemaChangeInputs): Promise<SchemaChangeInputs> {
  const { database, log, allow } = context;
  const read: Reader = database.query.bind(database);
  await requireTable(read, next);
  const record = await readRecord(read, next);
  const isEmpty = !record && !(await hasAnyRow(context, next));
  if (record) {
    refuseIfAny([
      ...(record.definition === definitionOf(next) ? [] : [definitionChanged(next, record.phase)]),
      ...stepProblems(next, record.phase),
    ]);
  } else if (!isEmpty) refuseIfAny(stepProblems(next, undefined));
  // A table without rows, as of a new environment, goes to any phase at once.
  if (!isEmpty && record?.phase !== next.phase) refuseIfAny(optInProblems(next, allow));
  let current = record;
  for (const phase of pathBetween(record?.phase, next.phase)) {
    if (phase === undefined) break;
    if (phaseNumber(phase) > phaseNumber(current?.phase)) await goForward(context, next, phase, current, isEmpty);
    else if (current && current.phase !== "contract") {
      await move(context, leaving(next, current.phase), [recordPhase(next, phase)]);
    }
    log(`${next.change}: is in the phase ${phase}`);
    current = await readRecord(read, next);
  }
  // The phase begins before its rows are filled, so a run that was killed then goes on here.
  if (current?.phase === "backfill") await backfill(context, next, current.backfilled);
  return next;
}

async function goForward(
  context: Context,
  next: SchemaChangeInputs,
  phase: Phase,
  record: ChangeRecord | undefined,
  isEmpty: boolean,
): Promise<void> {
  const { database, warn } = context;
  const read: Reader = database.query.bind(database);
  const more: Statement[] = [];
  if (phase === "switch-reads") {
    await backfill(context, next, record?.backfilled ?? null);
    const disagreement = await countDisagreements(context, next);
    if (disagreement.rows > 0) throw new Problems([disagreementProblem(next, disagreement)]);
    const statements = await findStatements(read, next);
    if (statements) {
      more.push(recordStatements(next, Object.fromEntries(statements.map(({ id, calls }) => [id, calls]))));
    }
  }
  if (phase === "contract" && !isEmpty) {
    refuseIfAny(await contractProblems(read, next, record));
    if (next.drop.length > 0 && !record?.statements) {
      warn(`${next.change}: pg_stat_statements is not there, so nobody looked for statements that use the old columns`);
    }
  }
  await move(context, entering(next, phase), [recordPhase(next, phase), ...more]);
}

async function move(
  { database }: Context,
  statements: readonly Statement[],
  record: readonly Statement[],
): Promise<void> {
  await database.transaction((client) =>
    runStatements(client, [{ sql: `SET LOCAL lock_timeout = '${lockTimeout}'` }, ...statements, ...record]),
  );
}

async function contractProblems(
  read: Reader,
  next: SchemaChangeInputs,
  record: ChangeRecord | undefined,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const ends = (record?.since.getTime() ?? Date.now()) + durationMs(next.soak);
  if (Date.now() < ends) problems.push(tooEarly(next, new Date(ends)));
  const dependents = await findDependents(read, next);
  if (dependents.length > 0) problems.push(inUse(next, dependents));
  const statements = (await findStatements(read, next)) ?? [];
  const running = record?.statements ? ranSince(record.statements, statements) : [];
  if (running.length > 0)
    problems.push(
      stillRuns(
        next,
        running.map(({ query }) => query),
      ),
    );
  return problems;
}

/** Phases are not skipped, because each relies on the one before; and nothing brings dropped columns back. */
function stepProblems(next: SchemaChangeInputs, from: Phase | undefined): readonly Problem[] {
  const step = phaseNumber(next.phase) - phaseNumber(from);
  if (step === 0 || step === 1) return [];
  if (step === -1 && from !== "contract") return [];
  const [before, after] = [phases[phaseNumber(from) - 2], phases[phaseNumber(from)]];
  const fix =
    from === "contract"
      ? "the old columns are dropped: write a new schema change"
      : `write \`${after ?? from}\` under tenantry:changes, and run \`up\` for each phase`;
  return [
    {
      what: `The schema change ${next.change} can't go from ${from ?? "its start"} to ${next.phase}`,
      got: next.phase,
      expected: [from, after, from === "contract" ? undefined : before]
        .filter((phase) => phase !== undefined)
        .join(" or "),
      fix,
    },
  ];
}

function optInProblems(next: SchemaChangeInputs, allow: ReadonlySet<string>): readonly Problem[] {
  if (next.phase !== "contract" || next.drop.length === 0 || allow.has(`contract ${next.change}`)) return [];
  return [
    {
      what: `The phase contract of ${next.change} drops columns with their values`,
      got: next.drop.map(({ name }) => `${next.schema}.${next.table}.${name}`).join(", "),
      fix: `add \`contract ${next.change}\` to tenantry:allow, once no release uses them`,
    },
  ];
}

function definitionChanged(next: SchemaChangeInputs, phase: Phase): Problem {
  return {
    what: "This schema change was edited after it had begun",
    got: `${next.change}, in the phase ${phase}`,
    expected: "the table, columns, types and expressions with which it began",
    fix: `restore it (\`git log -p -- ${next.path}\`); or take it back to expand, remove it from tenantry:changes, run \`up\`, and begin again`,
    at: { file: next.path },
  };
}

function notBack({ change }: SchemaChangeInputs, phase: Phase): Problem {
  return {
    what: `The schema change ${change} can't be removed in the middle: rows would stay half changed`,
    got: `phase ${phase}`,
    expected: "expand, or contract",
    fix: `write it back under tenantry:changes, go back phase by phase to \`expand\`, then remove it`,
  };
}

function tooEarly({ change, soak }: SchemaChangeInputs, ends: Date): Problem {
  return {
    what: `The phase contract of ${change} comes too early: readers switched less than ${formatDuration(soak)} ago`,
    expected: `${ends.toISOString()} or later`,
    fix: "wait until then, or shorten `soak` in the change's file",
  };
}

function inUse({ change, schema, table, drop }: SchemaChangeInputs, dependents: readonly string[]): Problem {
  return {
    what: `Columns that ${change} drops are still used in the database`,
    got: `${drop.map(({ name }) => `${schema}.${table}.${name}`).join(", ")} by ${dependents.join("; ")}`,
    fix: "replace these in a SQL file first, so that they use the new columns",
  };
}

function stillRuns({ change }: SchemaChangeInputs, queries: readonly string[]): Problem {
  const shown = queries.slice(0, 3).map((query) => query.replaceAll(/\s+/g, " ").trim().slice(0, 200));
  return {
    what: `${queries.length} statement(s) that name columns which ${change} drops ran since the readers switched`,
    got: shown.join("; "),
    fix: "find the release that sends them and replace it; then go back to backfill and to switch-reads again, from where statements are counted anew",
  };
}
