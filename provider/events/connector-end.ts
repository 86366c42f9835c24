import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { ConnectorInputs } from "../../architecture/data-plane/declaration";
import { Problems } from "../../common/problem";
import { awaitStopped, type ConnectorHealth, examineConnector } from "../connect/connector-health";
import { parsePosition } from "../connect/stream-position";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import { readerOf } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { describeUnsent, eventsWait, findUnsent, loseOptIn, type UnsentEvents } from "./unsent-events";

/** How long events may still be there although few were. Somebody writes them, or the connector does not send them. */
const patienceMs = 120_000;
/** How long a connector may take to send the many events of a slot that lags. */
const backlogMs = 1_800_000;
/** First and longest time that a connector runs before it is stopped for the next look. */
const [firstRunMs, longestRunMs] = [2_000, 60_000];
const pauseMs = 1_000;
/** How long a slot may take to be let go of by a connector that has stopped. */
const releaseMs = 10_000;

/**
 * Stops a connector for good: with every event sent that its slot holds, and the slot behind them. One that is halted, or
 * whose events go on, is left as it was, unless the stack gives its events up.
 *
 * Only a stopped connector has stored how far it has come, so one that has not come far enough runs again.
 */
export async function stopWhenSent(context: Context, { connector, config }: ConnectorInputs): Promise<void> {
  const { connect, allow, log, signal } = context;
  const slot = config["slot.name"] ?? "";
  const stop = async () => {
    await connect.stop(connector);
    await awaitStopped(context, connector);
  };
  if (allow.has(loseOptIn(slot))) return stop();
  const health = await healthOf(context, { connector, config });
  if (halted.has(health)) {
    const unsent = await lookAtSlot(context, { connector, config });
    if (unsent && unsent.count > 0)
      throw new Problems([eventsWait(`Connector ${connector} is ${health}: slot ${slot}`, slot, unsent, mend)]);
    return stop();
  }
  const started = Date.now();
  for (let [fewSince, runMs] = [started, firstRunMs]; ; runMs = Math.min(2 * runMs, longestRunMs)) {
    signal.throwIfAborted();
    await stop();
    const unsent = await lookAtSlot(context, { connector, config });
    if (!unsent) return;
    if (unsent.count === 0) return advance(context, config, unsent);
    await connect.resume(connector);
    if (unsent.isCut && Date.now() - started < backlogMs) fewSince = Date.now();
    if (Date.now() - fewSince >= patienceMs)
      throw new Problems([eventsWait(`Slot ${slot} of connector ${connector}`, slot, unsent, stopWriters)]);
    log(`${connector} goes when its slot is empty: ${describeUnsent(unsent)} are still to be sent`);
    await letSend(context, { connector, config }, unsent, runMs);
  }
}

/**
 * Lets the connector run until it has confirmed what its slot held, or for this long: a worker may confirm once a minute,
 * and when a connector stops.
 */
async function letSend(
  context: Context,
  { connector, config }: ConnectorInputs,
  unsent: UnsentEvents,
  runMs: number,
): Promise<void> {
  const slot = config["slot.name"] ?? "";
  for (const started = Date.now(); Date.now() - started < runMs; ) {
    await sleep(pauseMs, undefined, { signal: context.signal });
    const health = await healthOf(context, { connector, config });
    if (health === "FAILED")
      throw new Problems([eventsWait(`Connector ${connector} is ${health}: slot ${slot}`, slot, unsent, mend)]);
    if (await onSlotNode(context, config, (client) => hasConfirmed(client, slot, unsent.end))) return;
  }
}

async function hasConfirmed(client: Client, slot: string, end: string): Promise<boolean> {
  const read = readerOf(client);
  const behind = await read(
    "SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn < $2::pg_lsn",
    [slot, end],
  );
  return behind.length === 0;
}

async function healthOf(context: Context, { connector, config }: ConnectorInputs): Promise<ConnectorHealth> {
  const status = await context.connect.status(connector);
  return status ? examineConnector(context, config, status) : "UNASSIGNED";
}

/** States that a connector does not leave by itself. */
const halted: ReadonlySet<ConnectorHealth> = new Set(["FAILED", "PAUSED", "STOPPED"]);

const mend =
  "let it send them first: bring back what was taken away, run `tenantry up --refresh`, and see `tenantry events status`";
const stopWriters = "end what still writes events, then run again";

/** Undefined where the slot can't be seen from here: Connect may know the node by a name that means nothing here. */
async function lookAtSlot(context: Context, { connector, config }: ConnectorInputs): Promise<UnsentEvents | undefined> {
  const { "slot.name": slot, "database.hostname": host, "database.port": port } = config;
  if (!slot || !host || !port) return undefined;
  const position = parsePosition(await context.connect.offsets(connector));
  let isReached = false;
  try {
    return await onSlotNode(context, config, (client) => {
      isReached = true;
      return findUnsent(client, slot, position);
    });
  } catch (error) {
    if (isReached || !(error instanceof Problems)) throw error;
    return undefined;
  }
}

/** To where its connector has come, which forgets that next. */
function advance(context: Context, config: ConnectorInputs["config"], { end }: UnsentEvents): Promise<void> {
  return onSlotNode(context, config, async (client) => {
    for (const started = Date.now(); ; await sleep(200, undefined, { signal: context.signal })) {
      try {
        await client.query("SELECT pg_replication_slot_advance($1, $2::pg_lsn)", [config["slot.name"], end]);
        return;
      } catch (error) {
        if (errorCode(error) !== sqlState.objectInUse || Date.now() - started >= releaseMs) throw error;
      }
    }
  });
}

function onSlotNode<T>(
  { database }: Context,
  { "database.hostname": host = "", "database.port": port }: ConnectorInputs["config"],
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return database.onNode({ host, port: Number(port) }, work);
}
