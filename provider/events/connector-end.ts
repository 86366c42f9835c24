import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorInputs } from "../../architecture/data-plane/declaration";
import { Problems } from "../../common/problem";
import { awaitStopped, type ConnectorHealth, examineConnector } from "../connect/connector-health";
import { parsePosition } from "../connect/stream-position";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import type { Context } from "../protocol/resource-context";
import { eventsWait, findUnsent, loseOptIn, type UnsentEvents } from "./unsent-events";

/** How long a running connector may take to send what its slot holds. */
const patienceMs = 120_000;
const pauseMs = 2_000;
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
  const status = await connect.status(connector);
  const health = status ? await examineConnector(context, config, status) : "UNASSIGNED";
  if (halted.has(health)) {
    const { count = 0 } = (await lookAtSlot(context, { connector, config })) ?? {};
    if (count > 0)
      throw new Problems([eventsWait(`Connector ${connector} is ${health}: slot ${slot}`, slot, count, mend)]);
    return stop();
  }
  for (const started = Date.now(); ; ) {
    signal.throwIfAborted();
    await stop();
    const unsent = await lookAtSlot(context, { connector, config });
    if (!unsent) return;
    if (unsent.count === 0) return advance(context, config, unsent);
    await connect.resume(connector);
    if (Date.now() - started >= patienceMs) {
      throw new Problems([eventsWait(`Slot ${slot} of connector ${connector}`, slot, unsent.count, stopWriters)]);
    }
    log(`${connector} goes when its slot is empty: ${unsent.count} events are still to be sent`);
    await sleep(pauseMs, undefined, { signal });
  }
}

/** States that a connector does not leave by itself. */
const halted: ReadonlySet<ConnectorHealth> = new Set(["FAILED", "PAUSED", "STOPPED"]);

const mend =
  "let it send them first: bring back what was taken away, run `tenantry up --refresh`, and see `tenantry events status`";
const stopWriters = "end what still writes events, then run again";

/** Undefined where the slot can't be seen from here: Connect may know the node by a name that means nothing here. */
async function lookAtSlot(
  { database, connect }: Context,
  { connector, config }: ConnectorInputs,
): Promise<UnsentEvents | undefined> {
  const { "slot.name": slot, "database.hostname": host, "database.port": port } = config;
  if (!slot || !host || !port) return undefined;
  const position = parsePosition(await connect.offsets(connector));
  try {
    return await database.onNode({ host, port: Number(port) }, (client) => findUnsent(client, slot, position));
  } catch (error) {
    if (!(error instanceof Problems)) throw error;
    return undefined;
  }
}

/** To where its connector has come, which forgets that next. */
async function advance({ database, signal }: Context, config: ConnectorInputs["config"], { end }: UnsentEvents) {
  const { "slot.name": slot, "database.hostname": host = "", "database.port": port } = config;
  await database.onNode({ host, port: Number(port) }, async (client) => {
    for (const started = Date.now(); ; await sleep(200, undefined, { signal })) {
      try {
        await client.query("SELECT pg_replication_slot_advance($1, $2::pg_lsn)", [slot, end]);
        return;
      } catch (error) {
        if (errorCode(error) !== sqlState.objectInUse || Date.now() - started >= releaseMs) throw error;
      }
    }
  });
}
