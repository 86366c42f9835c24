import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { Application } from "../architecture/application";
import type { PostgresEndpoint } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { quoteTable, type TableName, tableId } from "../provider/postgres/live-tables";
import { readerOf } from "../provider/postgres/sql-statements";
import type { Store } from "../store/store";
import { recordRun } from "./activity";
import { type AgedPartition, describePeriod, readAged, readAttached, samePeriod } from "./aged-partition";
import type { AgingTable } from "./aging-tables";
import { recordFailure } from "./cold-catalog";
import { withLifecycleLock } from "./lifecycle-lock";
import { type Move, planLifecycle } from "./lifecycle-plan";
import { requestPlacesOf } from "./retrieval/cold-request";
import { serveOnce } from "./retrieval/retrieval-worker";
import type { RunContext } from "./run-context";
import { ageStep } from "./steps/age-partition";
import { closePartition, reopenPartition } from "./steps/close-partition";
import { convertWarm } from "./warm/warm-run";

export interface LifecycleRun {
  readonly endpoint: PostgresEndpoint;
  readonly store: Store;
  /** Each behind those that its foreign keys refer to. */
  readonly tables: readonly AgingTable[];
  /** Applications whose partitions past `hot` become compact, and whose requests for cold rows are served. @default none */
  readonly applications?: readonly Application[];
  /** Schemas with processed events. */
  readonly eventSchemas: readonly string[];
  /** @default the server's clock, as far as it is trusted */
  readonly now?: Date;
  readonly log: (line: string) => void;
  /** Called before each step, for tests that stop there. */
  readonly beforeStep?: (step: string, period: string) => Promise<void>;
  readonly fileBytes?: number;
}

export interface LifecycleResult {
  /** Steps that were done, as `SCHEMA.TABLE TIME: STEP`. */
  readonly done: readonly string[];
  readonly failures: readonly { readonly what: string; readonly error: unknown }[];
  readonly processedEvents: number;
}

/**
 * Moves what is old enough, and deletes what is past its retention. An error in one group of tables stops that group
 * alone; all errors are returned. A run that is killed is finished by the next.
 *
 * @throws LifecycleBusy if another run works on the database
 */
export async function runLifecycle(run: LifecycleRun): Promise<LifecycleResult> {
  const folder = await mkdtemp(join(tmpdir(), "tenantry-lifecycle-"));
  try {
    return await withLifecycleLock(run.endpoint, (client) => runLocked(run, { ...run, client, folder }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runLocked(run: LifecycleRun, context: RunContext): Promise<LifecycleResult> {
  const { client } = context;
  const done: string[] = [];
  const failures: { what: string; error: unknown }[] = [];
  const now = run.now ?? (await trustedNow(client));
  const read = readerOf(client);
  const moves = planLifecycle(await readAttached(read), await readAged(read), now, run.tables.map(tableId));
  for (const group of groupsOf(moves, run.tables)) {
    const aged = new Aging(run, context, done, failures);
    // Tables that refer to each other leave together: none is detached before all are in the store.
    let isWhole = true;
    for (const move of group) isWhole = (await aged.advance(move, "verified")) && isWhole;
    for (const move of isWhole ? group : []) if (!(await aged.advance(move, "deleted"))) break;
  }
  for (const application of run.applications ?? []) {
    const warm = await convertWarm({ client, application, now, tell: run.log });
    done.push(...warm.converted.map(({ partition, form }) => `${tableId(partition)}: compact as ${form}`));
    failures.push(...warm.problems.map((problem) => ({ what: application.name, error: new Problems([problem]) })));
  }
  await serveOnce({ ...context, places: (run.applications ?? []).flatMap(requestPlacesOf), tell: run.log });
  const processedEvents = await pruneProcessedEvents(run, client, failures);
  await recordRun(client, failures.length);
  return { done, failures, processedEvents };
}

/** The groups of moves that need each other: one period of the tables that are joined by foreign keys. */
function groupsOf(moves: readonly Move[], tables: readonly AgingTable[]): Move[][] {
  const root = new Map<string, string>();
  const find = (id: string): string => {
    const up = root.get(id);
    return up === undefined || up === id ? id : find(up);
  };
  for (const table of tables)
    for (const target of table.refersTo) root.set(find(tableId(table)), find(tableId(target)));
  const groups = new Map<string, Move[]>();
  for (const move of moves) {
    const key = `${move.partition.startsAt.toISOString()} ${find(tableId(move.partition))}`;
    groups.set(key, [...(groups.get(key) ?? []), move]);
  }
  return [...groups.values()];
}

/** Acts on moves, and collects what was done and what failed. */
class Aging {
  constructor(
    private readonly run: LifecycleRun,
    private readonly context: RunContext,
    private readonly done: string[],
    private readonly failures: { what: string; error: unknown }[],
  ) {}

  /** Does the move's steps up to `last`. False if one failed. */
  async advance(move: Move, last: "verified" | "deleted"): Promise<boolean> {
    const { partition } = move;
    const what = describePeriod(partition);
    const table = this.run.tables.find((each) => tableId(each) === tableId(partition));
    try {
      if (!table)
        throw new Error(`${tableId(partition)} is not in the description any more: its partition stays as it is`);
      if (move.reopen && move.aged && last === "verified") {
        const { aged } = move;
        await this.step("reopened", what, () => reopenPartition(this.context, table, aged));
      }
      const isFirst = (step: string) => ["closed", "exported", "verified"].includes(step);
      for (const step of move.steps.filter((each) => isFirst(each) === (last === "verified"))) {
        await this.step(step, what, async () => {
          if (step === "closed") await closePartition(this.context, partition);
          else await ageStep(this.context, table, step, await this.current(partition));
        });
      }
      return true;
    } catch (error) {
      this.failures.push({ what, error });
      await recordFailure(this.context.client, partition, error instanceof Error ? error.message : String(error)).catch(
        () => {},
      );
      return false;
    }
  }

  private async step(step: string, what: string, work: () => Promise<void>): Promise<void> {
    await this.run.beforeStep?.(step, what);
    await work();
    this.done.push(`${what}: ${step}`);
    this.run.log(`${what}: ${step}`);
  }

  private async current(period: Move["partition"]): Promise<AgedPartition> {
    const found = (await readAged(readerOf(this.context.client))).find((each) => samePeriod(each, period));
    if (!found) throw new Error(`${describePeriod(period)} is not in the catalog any more`);
    return found;
  }
}

/** The time by which rows are dropped, which can't be undone: a clock that leaps ahead is not followed at once. */
async function trustedNow(client: Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>("SELECT least(now(), tenantry.trusted_now()) AS now");
  return rows[0]?.now ?? new Date(0);
}

const batchRows = 10_000;

/** Removes processed events past their retention, which is longer than any redelivery, by the server's own clock. */
async function pruneProcessedEvents(
  { eventSchemas }: LifecycleRun,
  client: Client,
  failures: { what: string; error: unknown }[],
): Promise<number> {
  let pruned = 0;
  for (const schema of eventSchemas) {
    const name: TableName = { schema, table: "prune_processed_events" };
    try {
      for (;;) {
        const { rows } = await client.query<{ rows: string }>(`SELECT ${quoteTable(name)}($1) AS rows`, [batchRows]);
        const batch = Number(rows[0]?.rows ?? 0);
        pruned += batch;
        if (batch < batchRows) break;
      }
    } catch (error) {
      failures.push({ what: `${schema}.processed_events`, error });
    }
  }
  return pruned;
}
