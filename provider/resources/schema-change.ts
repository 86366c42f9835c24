import { z } from "zod";
import { type Phase, pathBetween, phaseNumber, phases } from "../../architecture/changes/phase";
import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { durationMs, formatDuration } from "../../common/duration";
import { quoteQualified } from "../../common/identifier";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import { countDisagreements, disagreementProblem } from "../evolution/agreement";
import { backfill } from "../evolution/backfill";
import {
  definitionChanged,
  inUse,
  notBack,
  optInProblems,
  stepProblems,
  stillRuns,
  tooEarly,
} from "../evolution/change-problems";
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
      warn(
        `${next.change}: pg_stat_statements can't be read, so nobody looked for statements that use the old columns`,
      );
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
