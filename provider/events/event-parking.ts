import type { Client } from "pg";
import { outbox } from "../../architecture/data-plane/outbox-table";
import type { Endpoints } from "../../architecture/endpoints";
import { quoteQualified } from "../../common/identifier";
import { type Problem, Problems } from "../../common/problem";
import { awaitRunning, awaitStopped } from "../connect/connector-health";
import { type Diagnosis, describeChange, diagnose } from "../connect/stream-diagnosis";
import { formatLsn, positionBehind, type Unsent } from "../connect/stream-position";
import { readerOf } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";
import { asDeclared, isOneByOne, runUpToFailure } from "./one-by-one";
import { readEventsAt, type StreamedEvent } from "./outbox-stream";
import { type EventsPlace, findEvent, isParked, keepEvent, type Parking, writeAgain } from "./parked-events";

/**
 * Way to take one event out of the stream.
 *
 * `skip`: the connector is stuck at the event, or before it in the same batch. `move`: the event was sent, or a
 * replay no longer needs it, so only its row moves. `finish`: a killed run did everything but the last step.
 */
export type Way =
  | { readonly kind: "skip"; readonly diagnosis: Diagnosis; readonly target: Unsent<StreamedEvent> }
  | { readonly kind: "move" }
  | { readonly kind: "finish"; readonly diagnosis: Diagnosis };

export interface ParkRequest {
  readonly id: string;
  /** True to park the event even if the connector has not failed at it yet. */
  readonly force: boolean;
}

/** Person who parks the event, and the reason. */
interface ParkedBy {
  /** @default the connector's error, or "taken out by hand" */
  readonly reason?: string | undefined;
  readonly by: string;
}

/** @throws Problems if the event can't be parked */
export function findWay({ id, force }: ParkRequest, diagnoses: readonly Diagnosis[], parked: boolean): Way {
  for (const diagnosis of diagnoses) {
    const target = diagnosis.stood?.unsent.find(({ change }) => change.id === id);
    if (!target) continue;
    const stands = diagnosis.failure?.kind !== undefined || isOneByOne(diagnosis.config);
    if (!stands && !force) throw new Problems([healthy(id, diagnosis)]);
    if (diagnosis.failure?.kind === "elsewhere" && !force) throw new Problems([notToBlame(id, diagnosis)]);
    const first = diagnosis.stood?.unsent[0];
    if (!stands && first && first.change.lsn !== target.change.lsn) throw new Problems([othersFirst(id, first)]);
    return { kind: "skip", diagnosis, target };
  }
  const interrupted = diagnoses.find(({ config }) => isOneByOne(config));
  if (interrupted) return { kind: "finish", diagnosis: interrupted };
  if (parked) throw new Problems([alreadyParked(id)]);
  if (!force) throw new Problems([notWaiting(id, diagnoses)]);
  return { kind: "move" };
}

/** Lists all steps before the first one runs. */
export function describeWay(way: Way, { id, force }: ParkRequest, { schema, column }: EventsPlace): readonly string[] {
  const rows = [
    `INSERT INTO ${quoteQualified(schema, "parked_events")} … -- event ${id}, with why, when and by whom`,
    `DELETE FROM ${quoteQualified(schema, outbox.table)} WHERE ${column} = … AND id = '${id}'`,
  ];
  if (way.kind === "move") return ["in one transaction:", ...rows.map(indent)];
  const { connector } = way.diagnosis.stream.connector;
  const restore = `PUT /connectors/${connector}/config -- as declared`;
  if (way.kind === "finish") return [`PUT /connectors/${connector}/resume`, restore];
  const mates = matesOf(way);
  return [
    ...(force ? [] : [`PUT /connectors/${connector}/config -- one record at a time, until it fails at this one`]),
    `PUT /connectors/${connector}/stop`,
    "in one transaction:",
    ...rows.map(indent),
    ...mates.map((mate) => indent(`DELETE and INSERT ${mate.change.id}, which the same COPY wrote`)),
    `PATCH /connectors/${connector}/offsets -- behind it, at ${formatLsn(way.target.change.lsn)}`,
    `PUT /connectors/${connector}/resume`,
    ...(force ? [] : [restore]),
  ];
}

const indent = (line: string) => `  ${line}`;

/** Outcome. `sent`: the connector could send the event after all. */
export type Outcome = "parked" | "sent" | "finished";

/**
 * Parks the event. Each step can be repeated, and until the last one the connector's configuration shows that the run
 * is not complete, so a repeated run continues.
 */
export async function park(
  context: Context,
  servers: Pick<Endpoints, "postgres" | "kafka">,
  way: Way,
  request: ParkRequest,
  place: EventsPlace,
  parking: ParkedBy,
): Promise<Outcome> {
  if (way.kind === "move") {
    await context.database.transaction((client) => moveRow(client, place, request.id, parking));
    return "parked";
  }
  const { stream } = way.diagnosis;
  const { connector, config } = stream.connector;
  // The lock keeps others from starting or changing the connector meanwhile.
  const outcome = await context.database.locked(
    async (client): Promise<Outcome> =>
      way.kind === "finish" ? "finished" : skip({ context, servers, client, way, request, place, parking }),
  );
  await context.connect.resume(connector);
  const now = await context.connect.config(connector);
  if (now && isOneByOne(now)) await context.connect.put(connector, asDeclared(now, config));
  // A task may have failed long before: it is marked as restarting at once, so that a failure seen later is a new one.
  if (way.kind === "finish") await context.connect.restart(connector);
  const running = await awaitRunning(context, connector, config, undefined);
  if (running.kind !== "running") throw new Problems([stillNotRunning(connector, running, outcome)]);
  return outcome;
}

interface Skip {
  readonly context: Context;
  readonly servers: Pick<Endpoints, "postgres" | "kafka">;
  readonly client: Client;
  readonly way: Extract<Way, { kind: "skip" }>;
  readonly request: ParkRequest;
  readonly place: EventsPlace;
  readonly parking: ParkedBy;
}

async function skip(work: Skip): Promise<"parked" | "sent"> {
  const { context, servers, way, request } = work;
  const { connect } = context;
  const { stream } = way.diagnosis;
  const { connector } = stream.connector;
  const isTarget = ({ change }: Unsent<StreamedEvent>) => change.id === request.id;
  // The position goes behind the place, and with it behind the others there: they are written again.
  const isShared = matesOf(way).length > 0;
  if (isShared) await keep(work, way.diagnosis, way.diagnosis.failure?.cause);
  let diagnosis = way.diagnosis;
  let cause = diagnosis.failure?.cause;
  // A killed run may have stopped the connector at the event. A stopped connector no longer reports its failure.
  if (!request.force) {
    const isThrough = ({ stood }: Diagnosis) => stood !== undefined && !stood.unsent.some(isTarget);
    const look = () => diagnose(servers, connect, stream);
    diagnosis = await runUpToFailure(context, stream.connector, look, isThrough);
    if (isThrough(diagnosis)) return isShared ? "parked" : "sent";
    cause = diagnosis.failure?.cause;
  }
  await connect.stop(connector);
  await awaitStopped(context, connector);
  diagnosis = await diagnose(servers, connect, stream);
  const [first] = diagnosis.stood?.unsent ?? [];
  if (!first || !diagnosis.stood) throw new Problems([unreadable(diagnosis)]);
  const target = diagnosis.stood.unsent.find(isTarget);
  if (!target) return isShared ? "parked" : "sent";
  if (first.change.lsn !== target.change.lsn) {
    await giveBack(context, diagnosis);
    throw new Problems([request.force ? othersFirst(request.id, first) : failsElsewhere(request.id, diagnosis, first)]);
  }
  if (!isShared) await keep({ ...work, way: { ...way, target } }, diagnosis, cause);
  const start = { partition: { server: stream.connector.config["topic.prefix"] }, lsn: diagnosis.stood.confirmed };
  await connect.setOffset(connector, positionBehind(target, diagnosis.position, start));
  return "parked";
}

/** Restores the connector as it was found. It fails again. */
async function giveBack({ connect }: Context, { stream, config }: Diagnosis): Promise<void> {
  const { connector } = stream.connector;
  await connect.put(connector, asDeclared(config, stream.connector.config));
  await connect.resume(connector);
}

/** The event, and those at the same position, which are written again in one transaction, once. */
async function keep(
  { servers, client, way, request, place, parking }: Skip,
  { position }: Diagnosis,
  cause: string | undefined,
): Promise<void> {
  await client.query("BEGIN");
  try {
    if (!(await isParked(readerOf(client), place, request.id))) {
      const values = await readEventsAt(servers.postgres, way.diagnosis.stream, position, way.target);
      const own = values.find((each) => each.id === request.id);
      if (!own) throw new Error(`the event ${request.id} is no longer in the log`);
      await keepEvent(client, place, own, reasoned(parking, cause));
      for (const mate of values) if (mate !== own) await writeAgain(client, place, mate);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

function matesOf({ diagnosis, target }: Extract<Way, { kind: "skip" }>): readonly Unsent<StreamedEvent>[] {
  return (diagnosis.stood?.unsent ?? []).filter(
    ({ change }) => change.lsn === target.change.lsn && change !== target.change,
  );
}

function reasoned({ reason, by }: ParkedBy, cause: string | undefined): Parking {
  return { reason: reason ?? cause ?? "taken out by hand", by };
}

async function moveRow(client: Client, place: EventsPlace, id: string, parking: ParkedBy): Promise<void> {
  const values = await findEvent(client, place, id);
  if (!values) throw new Problems([unknownEvent(id, place)]);
  await keepEvent(client, place, values, reasoned(parking, undefined));
}

function healthy(id: string, { stream, state }: Diagnosis): Problem {
  return {
    what: `Connector ${stream.connector.connector} has not failed, so nothing says that it can't send this event`,
    got: `${state}; event ${id}`,
    expected: "a task that has failed",
    fix: "wait until it is sent; with --force it is taken out nevertheless, if it is the next one",
  };
}

function notToBlame(id: string, { stream, failure }: Diagnosis): Problem {
  return {
    what: `Connector ${stream.connector.connector} has failed, but not at an event`,
    got: `${failure?.cause}; event ${id}`,
    expected: "a record that can't be written",
    fix: `${failure?.fix}; with --force the event is taken out nevertheless, if it is the next one`,
  };
}

function othersFirst(id: string, first: Unsent<StreamedEvent>): Problem {
  return {
    what: "Other events come before this one, and have not been sent",
    got: `event ${id}; next is ${describeChange(first)}`,
    expected: "the next event of its connector",
    fix: "let the connector run: without --force, once it has failed",
  };
}

function alreadyParked(id: string): Problem {
  return {
    what: "This event is parked already, and its connector has passed it",
    got: id,
    fix: "`tenantry events send` sends it again, once the cause is mended",
  };
}

function notWaiting(id: string, diagnoses: readonly Diagnosis[]): Problem {
  const failed = diagnoses.filter(({ failure }) => failure);
  const names = failed.map(({ stream, suspect }) => {
    const { connector } = stream.connector;
    return suspect ? `${connector} fails at ${describeChange(suspect.unsent)}` : `${connector} fails at no event`;
  });
  return {
    what: "No connector stands at this event",
    got: `${id}; ${names.length > 0 ? names.join("; ") : "no connector has failed"}`,
    expected: "the id that `tenantry events status` names",
    fix: "correct the id; with --force an event that was sent is taken out of the outbox, so that no replay sends it again",
  };
}

function unknownEvent(id: string, { schema }: EventsPlace): Problem {
  return {
    what: "The outbox has no such event",
    got: id,
    expected: `the id of a row of ${quoteQualified(schema, outbox.table)}`,
    fix: "correct the id; events are kept for `events.retention`",
  };
}

function unreadable({ stream, unreadable = "there is nothing to send" }: Diagnosis): Problem {
  return {
    what: `The log behind the slot ${stream.slot.slot} can't be read`,
    got: unreadable,
    fix: "mend it; the same command goes on where this one ended",
  };
}

function failsElsewhere(id: string, { stream }: Diagnosis, first: Unsent<StreamedEvent>): Problem {
  return {
    what: `Connector ${stream.connector.connector} fails at another event, with all before it sent`,
    got: describeChange(first),
    expected: id,
    fix: `park that one: \`tenantry events park ${first.change.id}\``,
  };
}

function stillNotRunning(
  connector: string,
  running: Exclude<Awaited<ReturnType<typeof awaitRunning>>, { kind: "running" }>,
  outcome: Outcome,
): Problem {
  const problem = running.kind === "problem" ? running.problem : undefined;
  return {
    what: `The event is ${outcome === "sent" ? "sent" : "out of the way"}, but connector ${connector} does not run`,
    got: problem?.got ?? "its slot begins behind what was sent last",
    expected: "RUNNING, with all of its tasks",
    fix: `${problem?.fix ?? "run `tenantry up --refresh`"}; \`tenantry events status\` names the next event`,
  };
}
