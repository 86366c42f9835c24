import { setTimeout as sleep } from "node:timers/promises";
import { type Problem, Problems } from "../../common/problem";
import { findSlot } from "../events/replication-slots";
import { readerOf } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import type { ConnectorConfig, ConnectorState, ConnectorStatus } from "./connect-state";
import { failureOf, type TaskFailure } from "./task-failure";

/**
 * Health of a connector and its tasks. `DETACHED`: Connect reports that it runs, but no process reads its slot.
 * Connect does so after a worker's crash, and while Debezium retries without end.
 */
export type ConnectorHealth = ConnectorState | "DETACHED";

/**
 * Time in which a connector must run, in ms. Starting Debezium takes about 2 s, a rebalance after a lost worker takes
 * minutes.
 */
const patienceMs = 180_000;
/** Time in which Connect may still show the status from before the change, in ms. */
const staleMs = 5_000;
const pauseMs = 500;

/**
 * Debezium's message if the slot begins behind the stored position: it was dropped or lost WAL, and was created
 * again.
 */
const positionGone = /no longer available on the server/;

/** Process that reads the connector's slot: undefined if none does, "unknown" if that can't be seen from here. */
export async function slotReader(context: Context, config: ConnectorConfig): Promise<number | undefined | "unknown"> {
  const { "slot.name": slot, "database.hostname": host, "database.port": port } = config;
  if (!slot || !host || !port) return "unknown";
  try {
    const node = { name: slot, host, port: Number(port) };
    const found = await context.database.onNode(node, (client) => findSlot(readerOf(client), slot));
    return found?.pid ?? undefined;
  } catch (error) {
    if (!(error instanceof Problems)) throw error;
    // Connect may know the node by a name that does not resolve here.
    return "unknown";
  }
}

/** Reads the health once. */
export async function examineConnector(
  context: Context,
  config: ConnectorConfig,
  status: ConnectorStatus,
): Promise<ConnectorHealth> {
  const states = [status.connector, ...status.tasks.map((task) => task.state)];
  const bad = states.find((state) => state === "FAILED") ?? states.find((state) => state !== "RUNNING");
  if (bad) return bad;
  if (status.tasks.length === 0) return "UNASSIGNED";
  return (await slotReader(context, config)) === undefined ? "DETACHED" : "RUNNING";
}

/** Result of the wait. `gap`: the slot no longer has the stored position, so events may be missing. */
export type Outcome =
  | { readonly kind: "running" }
  | { readonly kind: "gap" }
  | { readonly kind: "problem"; problem: Problem };

/**
 * Waits until the connector and all its tasks run, and a process reads its slot: another one than `former`, if given.
 */
export async function awaitRunning(
  context: Context,
  name: string,
  config: ConnectorConfig,
  former: number | undefined | "unknown",
): Promise<Outcome> {
  const started = Date.now();
  let seen = 0;
  for (;;) {
    const waited = Date.now() - started;
    const status = await context.connect.status(name);
    const health = status ? await examineConnector(context, config, status) : "UNASSIGNED";
    if (health === "FAILED" && status && waited >= staleMs) return judgeFailure(name, config, status);
    const taken = former !== undefined && former !== "unknown" && former === (await slotReader(context, config));
    seen = health === "RUNNING" && !(taken && waited < 3 * staleMs) ? seen + 1 : 0;
    if (seen === 2) return { kind: "running" };
    if (waited >= patienceMs) return { kind: "problem", problem: notRunning(name, health) };
    await sleep(pauseMs, undefined, { signal: context.signal });
  }
}

/** Waits until a stopped connector has no tasks. Only then can its offsets be deleted. */
export async function awaitStopped({ connect, signal }: Context, name: string): Promise<void> {
  const started = Date.now();
  for (;;) {
    const status = await connect.status(name);
    if (!status || (status.connector === "STOPPED" && status.tasks.length === 0)) return;
    if (Date.now() - started >= patienceMs) throw new Problems([notStopped(name, status.connector)]);
    await sleep(pauseMs, undefined, { signal });
  }
}

function notStopped(name: string, state: ConnectorState): Problem {
  return {
    what: `Connector ${name} does not stop within ${patienceMs / 1_000} s`,
    got: state,
    expected: "STOPPED, without tasks",
    fix: "see whether the Connect group has a worker that is up, and its log; then run again",
  };
}

function judgeFailure(name: string, config: ConnectorConfig, status: ConnectorStatus): Outcome {
  const { connector, trace = "", tasks } = status;
  const failed = tasks.filter((task) => task.state === "FAILED");
  const traces = connector === "FAILED" ? [trace] : failed.map((task) => task.trace ?? "");
  if (traces.some((text) => positionGone.test(text))) return { kind: "gap" };
  const reason = traces.map(cleanTrace).find((text) => text !== "") ?? "Connect gives no reason";
  const failure = failureOf(status);
  const who = connector === "FAILED" ? "the connector" : `task ${failed.map(({ id }) => id).join(", ")}`;
  return {
    kind: "problem",
    problem: {
      what: `Connector ${name} does not run: ${who} failed`,
      got: reason,
      fix: failure && failure.kind !== "elsewhere" ? wayOut(failure) : nextStep(reason, config),
    },
  };
}

/** Shortens a Java stack trace for users: the error and its causes, without frames and packages. */
export function cleanTrace(trace: string): string {
  const thrown = trace.split("\n").flatMap((line) => {
    const [, name, message] = /^(?:Caused by: )?(?:[\w$]+\.)*([\w$]*(?:Exception|Error))\b:?(.*)$/.exec(line) ?? [];
    return message?.trim() || name || [];
  });
  const told = [...new Set(thrown)];
  // The first line says what Connect was doing, the last one why it failed.
  return [told[0], told.length > 1 ? told.at(-1) : undefined]
    .filter((line) => line !== undefined)
    .map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line))
    .join("; because: ");
}

/** Next step for the user. If a record stops the connector, other events wait behind it. */
function wayOut({ fix }: TaskFailure): string {
  return `${fix}, then run \`tenantry up --refresh\`; or see which event it is by \`tenantry events status\`, and park it`;
}

function nextStep(reason: string, config: ConnectorConfig): string {
  if (/publication/i.test(reason)) {
    return `bring the publication "${config["publication.name"]}" back: \`tenantry up --refresh\` makes the Outbox's again`;
  }
  if (/password authentication|no pg_hba/i.test(reason)) {
    return "put the password of the role `cdc` where `connect.databasePassword` refers to, or allow the role in pg_hba.conf";
  }
  if (/replication slot/i.test(reason)) {
    return `bring the slot "${config["slot.name"]}" back: \`tenantry up --refresh\` makes the ReplicationSlot again`;
  }
  return "correct the cause (the worker's log has all of it), then run `tenantry up --refresh`: it restarts what failed";
}

function notRunning(name: string, health: ConnectorHealth): Problem {
  const detached = health === "DETACHED";
  return {
    what: detached
      ? `Connector ${name} is shown as running, but nobody reads its replication slot`
      : `Connector ${name} does not run after ${patienceMs / 1_000} s`,
    got: health,
    expected: "RUNNING, with all of its tasks",
    fix: detached
      ? "see the worker's log: Debezium tries again without an end where the database refuses it"
      : "see the worker's log, and whether the Connect group has a worker that is up",
  };
}
