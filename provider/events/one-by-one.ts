import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorInputs } from "../../architecture/data-plane/declaration";
import { Problems } from "../../common/problem";
import type { ConnectorConfig } from "../connect/connect-state";
import { awaitStopped } from "../connect/connector-health";
import { type Diagnosis, describeChange } from "../connect/stream-diagnosis";
import { failureOf } from "../connect/task-failure";
import type { Context } from "../protocol/resource-context";

/**
 * Settings that make a connector send each record alone. It then fails at exactly the record that can't be written,
 * with all earlier ones sent and its position behind them. It gives up an aborted request after ten seconds instead
 * of a minute.
 */
const oneByOne: ConnectorConfig = {
  "max.batch.size": "1",
  "max.queue.size": "2",
  "producer.override.linger.ms": "0",
  "producer.override.transaction.timeout.ms": "10000",
};

export function isOneByOne(config: ConnectorConfig): boolean {
  return Object.entries(oneByOne).every(([key, value]) => config[key] === value);
}

/** Restores the configuration: changed keys get their declared values. */
export function asDeclared(config: ConnectorConfig, declared: ConnectorConfig): ConnectorConfig {
  const rest = Object.entries(config).filter(([key]) => !(key in oneByOne));
  const own = Object.entries(declared).filter(([key]) => key in oneByOne);
  return Object.fromEntries([...rest, ...own]);
}

/** Time without a failure or a sent record after which the connector is restarted, in ms: Connect may lose a task. */
const patienceMs = 90_000;
const starts = 3;
const pauseMs = 500;
const lookMs = 3_000;

/**
 * Runs the connector record by record until it fails at the next one, and leaves it in that state for the caller to
 * stop.
 *
 * @param look reads the connector's position
 * @param isThrough returns true if the searched event was sent meanwhile: then this ends too
 */
export async function runUpToFailure(
  context: Context,
  { connector, config: declared }: ConnectorInputs,
  look: () => Promise<Diagnosis>,
  isThrough: (diagnosis: Diagnosis) => boolean,
): Promise<Diagnosis> {
  const { connect } = context;
  const config = (await connect.config(connector)) ?? declared;
  // Comes first, because the configuration shows the next run that this one is not complete.
  if (!isOneByOne(config)) await connect.put(connector, { ...config, ...oneByOne });
  const isExact = config["exactly.once.support"] === "required";
  for (let [last, stalls]: [bigint | undefined, number] = [undefined, 0]; ; ) {
    await startAnew(context, connector);
    const diagnosis = await awaitFailure(context, connector, look, isThrough);
    if (!diagnosis.failure && !isThrough(diagnosis)) {
      stalls++;
      if (stalls === starts) throw new Problems([standsStill(diagnosis)]);
      context.log(`${connector} has made no progress for ${patienceMs / 1_000} s: restarting it`);
      continue;
    }
    const next = diagnosis.stood?.unsent[0];
    if (!diagnosis.failure || !next) return diagnosis;
    // Without transactions, other records may have been in flight at the failure. The next run sends them.
    if (isExact || next.change.lsn === last) return diagnosis;
    last = next.change.lsn;
  }
}

/** Stops the connector before it runs again. A stopped one has no tasks, so a later failure is a new one. */
async function startAnew(context: Context, connector: string): Promise<void> {
  await context.connect.stop(connector);
  await awaitStopped(context, connector);
  await context.connect.resume(connector);
}

/** Also ends if the connector stands still. */
async function awaitFailure(
  context: Context,
  connector: string,
  look: () => Promise<Diagnosis>,
  isThrough: (diagnosis: Diagnosis) => boolean,
): Promise<Diagnosis> {
  const { connect, signal } = context;
  const started = Date.now();
  let [lookedAt, movedAt, position] = [started, started, ""];
  for (;;) {
    await sleep(pauseMs, undefined, { signal });
    const status = await connect.status(connector);
    const failed = status && failureOf(status) !== undefined;
    if (!failed && Date.now() - lookedAt < lookMs) continue;
    lookedAt = Date.now();
    const diagnosis = await look();
    if (diagnosis.failure || isThrough(diagnosis)) return diagnosis;
    const now = JSON.stringify(diagnosis.position?.offset);
    if (now !== position) {
      [position, movedAt] = [now, Date.now()];
      context.log(`${connector} sends one event at a time; next: ${nextOf(diagnosis)}`);
    }
    if (Date.now() - movedAt > patienceMs) return diagnosis;
  }
}

function nextOf({ stood }: Diagnosis): string {
  const next = stood?.unsent[0];
  return next ? describeChange(next) : "none";
}

function standsStill(diagnosis: Diagnosis) {
  return {
    what: `Connector ${diagnosis.stream.connector.connector} neither fails nor sends anything, ${patienceMs / 1_000} s after each of ${starts} starts`,
    got: `${diagnosis.state}; next: ${nextOf(diagnosis)}`,
    expected: "that it fails at the event, or sends it",
    fix: "see the worker's log; the same command goes on where this one ended",
  };
}
