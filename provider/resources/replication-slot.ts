import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { z } from "zod";
import type { ReplicationSlotInputs } from "../../architecture/data-plane/declaration";
import type { PostgresNode } from "../../architecture/endpoints";
import { quoteLiteral } from "../../common/identifier";
import { type Problem, Problems } from "../../common/problem";
import {
  type FoundSlot,
  findRunningTransactions,
  findSlot,
  type RunningTransaction,
} from "../events/replication-slots";
import { explainNoSlot } from "../events/slot-copy";
import { eventsWait, findUnsent, loseOptIn } from "../events/unsent-events";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import type { Statement } from "../postgres/sql-statements";
import { readerOf, runStatement } from "../postgres/sql-statements";
import { node } from "../protocol/input-schemas";
import type { Context } from "../protocol/resource-context";
import type { ResourceHandler } from "../protocol/resource-handler";

interface ReplicationSlotState extends ReplicationSlotInputs {
  /** `lost`: PostgreSQL removed WAL that the slot still needed, so events in it were not sent. */
  readonly status: "ready" | "lost";
}

const plugin = "pgoutput";
/** From this version on a slot survives a failover. */
const failoverVersion = 17_00_00;
/** Time of one attempt to create a slot before the wait is reported, in ms, and the number of attempts. */
const patienceMs = 20_000;
const attempts = 30;
/** Time for a reader to release a slot by itself, and then after it was terminated, in ms. */
const releaseMs = 10_000;

/**
 * Logical replication slot on one node. Until Kafka Connect reads it, it holds back the node's WAL.
 *
 * A slot that was dropped or lost is created again, so that nothing more is lost. Its connector refuses to continue
 * behind the gap (see connector.ts).
 */
export const replicationSlot: ResourceHandler<ReplicationSlotInputs, ReplicationSlotState> = {
  noun: "ReplicationSlot",

  inputs: z.object({
    node,
    slot: z
      .string()
      .regex(/^[a-z0-9_]{1,63}$/, "a slot's name has lower case letters, digits and underscores, 63 at most"),
  }) satisfies z.ZodType<ReplicationSlotInputs>,

  diff(old, next) {
    return [
      ...(old.slot === next.slot ? [] : [{ path: "slot", how: "replace" as const }]),
      ...(old.node.name === next.node.name ? [] : [{ path: "node.name", how: "replace" as const }]),
      ...(old.node.host === next.node.host ? [] : [{ path: "node.host", how: "update" as const }]),
      ...(old.node.port === next.node.port ? [] : [{ path: "node.port", how: "update" as const }]),
      ...(old.status === "ready" ? [] : [{ path: "status", how: "update" as const }]),
    ];
  },

  preview(old, next) {
    const { node, slot } = next ?? old ?? { node: undefined, slot: "" };
    if (!node) return [];
    const name = quoteLiteral(slot);
    const drop = `SELECT pg_drop_replication_slot(${name})`;
    const empty = `-- once it holds no event that was not sent, or with \`${loseOptIn(slot)}\` in tenantry:allow`;
    const create = `SELECT pg_create_logical_replication_slot(${name}, '${plugin}')`;
    const lines = next ? (old?.status === "lost" ? [drop, create] : [create]) : [empty, drop];
    return [`-- on ${node.name}, ${node.host}:${node.port}:`, ...lines];
  },

  async create(context, next) {
    return { id: slotId(next), state: await ensure(context, next) };
  },

  update: (context, _id, _old, next) => ensure(context, next),

  async delete({ database, signal, allow }, _id, { node, slot }) {
    await database.onNode(node, async (client) => {
      const unsent = allow.has(loseOptIn(slot)) ? undefined : await findUnsent(client, slot);
      if (unsent && unsent.count > 0)
        throw new Problems([eventsWait(`Slot ${slot} on ${node.name}`, slot, unsent, sendFirst)]);
      await dropSlot(client, slot, signal);
    });
  },

  async read({ database }, id, old) {
    const { node, slot } = old ?? parseSlotId(id);
    const found = await database.onNode(node, (client) => findSlot(readerOf(client), slot));
    if (!found || refusal(slot, node, found)) return undefined;
    return { node, slot, status: found.wal === "lost" ? "lost" : "ready" };
  },
};

const sendFirst = "declare what reads it again, and run `tenantry up`, which sends them; end what still writes events";

/** `NODE@HOST:PORT/SLOT`, because an import must know where to look. */
export function slotId({ node, slot }: ReplicationSlotInputs): string {
  return `${node.name}@${node.host}:${node.port}/${slot}`;
}

export function parseSlotId(id: string): ReplicationSlotInputs {
  const [, name, host, port, slot] = /^([^@]+)@(.+):(\d+)\/([^/]+)$/.exec(id) ?? [];
  if (name && host && port && slot) return { node: { name, host, port: Number(port) }, slot };
  throw new Problems([
    {
      what: "This is no replication slot's id",
      got: id,
      expected: "NODE@HOST:PORT/SLOT, such as `coordinator@127.0.0.1:5432/ecommerce_outbox_coordinator`",
      fix: "import it by this id",
    },
  ]);
}

async function ensure(context: Context, next: ReplicationSlotInputs): Promise<ReplicationSlotState> {
  const { node, slot } = next;
  const { version } = await context.database.facts;
  await context.database.onNode(node, async (client) => {
    const found = await findSlot(readerOf(client), slot);
    const refused = found && refusal(slot, node, found);
    if (refused) throw new Problems([refused]);
    if (found?.wal === "lost") {
      context.warn(`slot ${slot} is made again: PostgreSQL removed WAL that was not sent yet (max_slot_wal_keep_size)`);
      await dropSlot(client, slot, context.signal);
    } else if (found) return;
    await createSlot(context, client, next, createStatement(slot, version));
  });
  return { node, slot, status: "ready" };
}

/** Reason why an existing slot can't be ours. */
function refusal(slot: string, node: PostgresNode, found: FoundSlot): Problem | undefined {
  if (found.type === "logical" && found.plugin === plugin && found.database === found.here) return undefined;
  const place = found.database === null ? "" : ` of database "${found.database}"`;
  return {
    what: `The slot "${slot}" on ${node.name} belongs to somebody else`,
    got: `a ${found.type} slot${place}${found.plugin === null ? "" : ` with ${found.plugin}`}`,
    expected: `a logical slot of database "${found.here}" with ${plugin}`,
    fix: `drop it if nobody reads it (SELECT pg_drop_replication_slot(${quoteLiteral(slot)})), or rename the application`,
  };
}

export function createStatement(slot: string, version: number): Statement {
  const failover = version >= failoverVersion ? ", false, false, true" : "";
  return { sql: `SELECT pg_create_logical_replication_slot($1, '${plugin}'${failover})`, values: [slot] };
}

/** Creates the slot. PostgreSQL waits until every writing transaction has ended, so a long wait is reported. */
async function createSlot(
  { warn, signal }: Context,
  client: Client,
  { node, slot }: ReplicationSlotInputs,
  statement: Statement,
): Promise<void> {
  await client.query(`SET lock_timeout = ${patienceMs}`);
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      await runStatement(client, statement);
      return;
    } catch (error) {
      if (errorCode(error) !== sqlState.lockTimeout) throw await explainNoSlot(client, error, `to create ${slot}`);
      const running = (await findRunningTransactions(readerOf(client))).map(describe).join("; ");
      if (attempt === attempts) throw new Problems([stillRunning(slot, node, running)]);
      warn(`slot ${slot} waits for running transactions on ${node.name}: ${running || "they end just now"}`);
    }
  }
}

function describe({ pid, application, since }: RunningTransaction): string {
  return `${application}${pid === null ? "" : ` (server process ${pid})`} since ${since.toISOString()}`;
}

function stillRunning(slot: string, node: PostgresNode, running: string): Problem {
  return {
    what: `The slot "${slot}" can't be made while transactions run on ${node.name}`,
    got: running,
    expected: `none that lasts longer than ${(patienceMs * attempts) / 60_000} minutes`,
    fix: "end them (SELECT pg_terminate_backend(PROCESS), or ROLLBACK PREPARED), then run again",
  };
}

/** Drops the slot. A process that still reads it after its connector is gone is terminated. */
async function dropSlot(client: Client, slot: string, signal: AbortSignal): Promise<void> {
  const read = readerOf(client);
  const started = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const found = await findSlot(read, slot);
    if (!found) return;
    const waited = Date.now() - started;
    if (found.pid === null && (await dropped(client, slot))) return;
    if (found.pid !== null && waited > releaseMs)
      await client.query("SELECT pg_terminate_backend($1::int)", [found.pid]);
    if (waited > 2 * releaseMs) throw new Problems([stillRead(slot, found.pid)]);
    await sleep(500, undefined, { signal });
  }
}

/** Returns false if another session was faster. */
async function dropped(client: Client, slot: string): Promise<boolean> {
  try {
    await runStatement(client, { sql: "SELECT pg_drop_replication_slot($1)", values: [slot] });
    return true;
  } catch (error) {
    if (errorCode(error) === sqlState.objectInUse) return false;
    throw error;
  }
}

function stillRead(slot: string, pid: number | null): Problem {
  return {
    what: `The slot "${slot}" can't be dropped, as somebody reads it again and again`,
    ...(pid === null ? {} : { got: `server process ${pid}` }),
    expected: "no connector or other client that reads the slot",
    fix: "stop it (SELECT * FROM pg_stat_replication shows its address), then run again",
  };
}
