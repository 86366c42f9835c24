import type { Client } from "pg";
import type { MigrationInputs } from "../../architecture/data-plane/declaration";
import type { SqlStatement } from "../../architecture/sql/sql-file";
import { quoteIdentifier } from "../../common/identifier";
import { type Problem, Problems, refuseIfAny } from "../../common/problem";
import {
  type Catalogs,
  heldBy,
  readBefore,
  readIsolated,
  readSession,
  readTouched,
  type TouchedRelation,
} from "../postgres/catalog-changes";
import { liftForce, reachesWorkers, seeingRows, seesAllRows } from "../postgres/hidden-rows";
import { errorCode, sessionSettings } from "../postgres/postgres-connection";
import { transactionSettings } from "../postgres/postgres-transaction";
import { planSequences, type SequenceUse, sequencesOf } from "../postgres/sequences";
import type { Statement } from "../postgres/sql-statements";
import {
  type PlacedStatement,
  type Reader,
  readerOf,
  runAndRead,
  runStatement,
  runStatements,
} from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { createConcurrently } from "./concurrent-index";
import { effectProblems } from "./file-effects";
import { findSameContent, hashStatements, type LedgerEntry, makeLedger, readEntry, writeEntry } from "./ledger";

/** Remaining work of a file. */
type Remainder =
  | { readonly kind: "nothing" }
  /** The same content was applied under another path: only the ledger gets the new path. */
  | { readonly kind: "renamed"; readonly from: string }
  /** Run statements from this index on. `inDoubt`: the first of them may already have run. */
  | { readonly kind: "run"; readonly from: number; readonly inDoubt: boolean };

/** Decides from the ledger. `entry` is the file's own entry, `same` one of the same content. */
export function decide(
  next: MigrationInputs,
  entry: LedgerEntry | undefined,
  same: LedgerEntry | undefined,
): Remainder {
  const fromStart: Remainder = { kind: "run", from: 0, inDoubt: false };
  if (!entry) return same && next.apply === "once" ? { kind: "renamed", from: same.path } : fromStart;
  if (entry.hash === next.hash && entry.complete) return { kind: "nothing" };
  if (entry.hash !== next.hash && next.apply === "onChange") return fromStart;
  if (entry.complete) throw new Problems([edited(next, entry.hash)]);
  if (hashStatements(next.statements.slice(0, entry.done)) !== entry.done_hash) {
    throw new Problems([startEdited(next, entry.done)]);
  }
  return { kind: "run", from: entry.done, inDoubt: entry.in_doubt };
}

/** Problem of an applied file whose content has changed. */
export function edited({ path, hash }: Pick<MigrationInputs, "path" | "hash">, appliedHash: string): Problem {
  return {
    what: "This file was edited after it had been applied",
    got: `SHA-256 ${hash}`,
    expected: `SHA-256 ${appliedHash}, as it was applied`,
    fix: `restore it (\`git log -p -- ${path}\` shows how it was), and put the change into a new file with the next number`,
    at: { file: path },
  };
}

function startEdited({ path }: MigrationInputs, done: number): Problem {
  return {
    what: `The first ${done} statements of this file are applied, and were edited since`,
    expected: "changes only behind them, as the file goes on there",
    fix: `restore the first ${done} statements (\`git diff -- ${path}\`), and mend only what failed`,
    at: { file: path },
  };
}

/** Applies the rest of a file. Does nothing if it is complete. */
export async function applyFile(context: Context, next: MigrationInputs): Promise<void> {
  const { database, log } = context;
  const begin = async (client: Client): Promise<Remainder> => {
    const made = [...makeLedger, { sql: `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(next.schema)}` }];
    const [entry, same] = await runAndRead(client, made, (read) =>
      Promise.all([readEntry(read, next.path), findSameContent(read, next.hash, next.path)]),
    );
    const remainder = decide(next, entry, same);
    if (remainder.kind === "renamed") {
      await runStatements(client, recorded(next, next.statements.length));
      log(`${next.path} has the content of ${remainder.from}, which is applied: recorded, and not run again`);
    }
    return remainder;
  };
  if (next.transaction) {
    await seeingRows(context, next.path, (lifted) =>
      database.transaction(async (client) => {
        const remainder = await begin(client);
        if (remainder.kind !== "run") return;
        const left = next.statements.slice(remainder.from);
        await runGuarded(context, client, next, left, lifted);
        await runStatements(client, recorded(next, next.statements.length));
      }),
    );
    return;
  }
  const remainder = await database.transaction(begin);
  if (remainder.kind !== "run") return;
  if (next.statements.length === 0) await database.transaction((client) => runStatements(client, recorded(next, 0)));
  for (let index = remainder.from; index < next.statements.length; index++) {
    await applyStep(context, next, index, remainder.inDoubt && index === remainder.from);
  }
}

/**
 * Runs statements of a file in the open transaction, and checks their effects on isolation before the commit.
 *
 * @param lifted tables whose owner sees all rows meanwhile
 */
async function runGuarded(
  { database, allow }: Context,
  client: Client,
  next: MigrationInputs,
  statements: readonly SqlStatement[],
  lifted: readonly string[],
): Promise<void> {
  const run = [
    { sql: reachesWorkers },
    { sql: `SET LOCAL search_path = ${searchPath(next)}; SET LOCAL ${seesAllRows}` },
    ...statements.map((statement) => placed(next, statement)),
    { sql: `${cleanSession}; ${transactionSettings}` },
  ];
  if (isToolkits(next)) return runStatements(client, run);
  const putBack = lifted.length > 0 ? await liftForce(client, [next.schema], lifted) : undefined;
  const { roles } = database;
  const citus = (await database.facts).citus !== undefined;
  if (putBack) {
    await runStatements(client, run.splice(0));
    await putBack();
  }
  const { oids, session, ...after } = await runAndRead(client, run, (read) => readTouched(read, roles, citus));
  const before = await readBefore(database.query.bind(database), roles, oids, citus);
  const [only] = statements.length === 1 ? statements : [];
  refuseIfAny(effectProblems(next, { before, after, session }, allow, only?.line));
  await runStatements(client, await planLocalSequences(readerOf(client), next, before, after));
}

/**
 * Grants sequences of local tables. The files grant the tables themselves; the sequences of defaults follow, as on
 * other tables.
 */
async function planLocalSequences(
  read: Reader,
  { schema, tables = {} }: MigrationInputs,
  before: Catalogs,
  after: Catalogs,
): Promise<readonly Statement[]> {
  const isLocal = ({ schema: own, name }: TouchedRelation) =>
    own === schema && Object.hasOwn(tables, name) && tables[name] === "local";
  const known = new Map(before.relations.map((relation) => [relation.oid, relation.grants]));
  const locals = after.relations.filter(isLocal).map(({ oid, grants }) => ({ old: known.get(oid) ?? {}, grants, oid }));
  const granted = locals.filter(({ old, grants }) => Object.keys({ ...old, ...grants }).length > 0);
  if (granted.length === 0) return [];
  const found = await read<{ oid: string; sequences: readonly SequenceUse[] }>(
    `SELECT oid::text AS oid, ${sequencesOf("c.oid")} AS sequences FROM pg_class c WHERE oid = ANY ($1::oid[])`,
    [granted.map(({ oid }) => oid)],
  );
  return granted.flatMap(({ oid, old, grants }) => {
    const sequences = found.find((each) => each.oid === oid)?.sequences ?? [];
    const roles = [...new Set([...Object.keys(old), ...Object.keys(grants)])].sort();
    return roles.flatMap((role) => planSequences(sequences, role, heldBy(old, role), heldBy(grants, role)));
  });
}

/** True for the toolkit's own files, whose effects on isolation are not checked. */
function isToolkits({ apply }: MigrationInputs): boolean {
  return apply === "onChange";
}

/**
 * Runs one statement and records it in the ledger: in one transaction, unless PostgreSQL refuses that. Only a try
 * shows it, because it depends on what a function does. A refused try is rolled back.
 */
async function applyStep(context: Context, next: MigrationInputs, index: number, inDoubt: boolean): Promise<void> {
  const { database, log } = context;
  const statement = next.statements[index];
  if (!statement) return;
  if (!inDoubt) {
    try {
      return await seeingRows(context, next.path, (lifted) =>
        database.transaction(async (client) => {
          await runGuarded(context, client, next, [statement], lifted);
          await runStatements(client, recorded(next, index + 1));
        }),
      );
    } catch (error) {
      if (!refusesTransaction.has(errorCode(error))) throw error;
    }
  }
  const { roles } = database;
  const citus = (await database.facts).citus !== undefined;
  const before = await readIsolated(database.query.bind(database), roles, citus);
  await database.locked(async (client) => {
    await applyBare(client, next, index, inDoubt, log);
    const oids = before.relations.map(({ oid }) => oid);
    const read = readerOf(client);
    const [after, session] = await Promise.all([readBefore(read, roles, oids, citus), readSession(read)]);
    if (!isToolkits(next)) refuseIfAny(effectProblems(next, { before, after, session }, context.allow, statement.line));
  });
}

/** active_sql_transaction: CREATE INDEX CONCURRENTLY and the like. invalid_transaction_termination: COMMIT in a procedure. */
const refusesTransaction: ReadonlySet<string | undefined> = new Set(["25001", "2D000"]);

/**
 * A kill between a statement and its record leaves the statement in doubt. Then "already exists" means that it has
 * run.
 */
async function applyBare(
  client: Client,
  next: MigrationInputs,
  index: number,
  inDoubt: boolean,
  log: (message: string) => void,
): Promise<void> {
  const statement = next.statements[index];
  if (!statement) return;
  try {
    await record(client, next, index, true);
    await client.query(`SET search_path = ${searchPath(next)}; SET ${seesAllRows}`);
    const concurrently = /\bCONCURRENTLY\b/i.test(statement.sql);
    // It waits for other transactions, but blocks no other session meanwhile.
    if (concurrently) await client.query("SET lock_timeout = 0");
    const isIndex = concurrently && (await createConcurrently(client, placed(next, statement), log));
    if (!isIndex) await runStatement(client, placed(next, statement));
  } catch (error) {
    if (!inDoubt || !wasDone(statement, errorCode(error))) {
      // The statement was undone completely, so the file may be corrected. If even this fails, the connection is gone
      // and the doubt remains.
      if (errorCode(error)?.length === 5) await record(client, next, index).catch(() => {});
      throw error;
    }
    log(`${next.path}:${statement.line} was done by a run that was killed`);
  } finally {
    await client.query(cleanSession).catch(() => {});
  }
  await record(client, next, index + 1);
}

/** duplicate_table, _object, _column, _function, _schema, _database; for DROP undefined_table, _object, _column, _function. */
function wasDone({ sql }: SqlStatement, code: string | undefined): boolean {
  const codes = /\bDROP\b/i.test(sql)
    ? ["42P01", "42704", "42703", "42883"]
    : ["42P07", "42710", "42701", "42723", "42P06", "42P04"];
  return code !== undefined && codes.includes(code);
}

/**
 * Resets the session, so that settings of a file, and whatever else it left, reach neither the next file nor later
 * work.
 */
const cleanSession = `RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; ${sessionSettings}`;

async function record(client: Client, next: MigrationInputs, done: number, inDoubt = false): Promise<void> {
  for (const statement of recorded(next, done, inDoubt)) await runStatement(client, statement);
}

function recorded(next: MigrationInputs, done: number, inDoubt = false): readonly Statement[] {
  return [
    writeEntry({
      path: next.path,
      hash: next.hash,
      done,
      done_hash: hashStatements(next.statements.slice(0, done)),
      in_doubt: inDoubt,
      complete: done === next.statements.length && !inDoubt,
    }),
  ];
}

function searchPath({ schema, sharedSchema }: MigrationInputs): string {
  const schemas = [schema, ...(sharedSchema === undefined ? [] : [sharedSchema])];
  return [...schemas.filter((name) => name !== "public").map(quoteIdentifier), "public"].join(", ");
}

function placed({ path }: MigrationInputs, { sql, line }: SqlStatement): PlacedStatement {
  return { sql, at: { file: path, line } };
}
