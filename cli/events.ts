import { hostname, userInfo } from "node:os";
import { Command } from "commander";
import { Problems } from "../common/problem";
import { plainTable } from "../common/table";
import { type Diagnosis, describeChange, diagnose } from "../provider/connect/stream-diagnosis";
import { describeWay, findWay, type ParkRequest, park } from "../provider/events/event-parking";
import { type EventsPlace, isParked, listParked, notParked, sendParked } from "../provider/events/parked-events";
import { type DatabaseEvents, withEvents } from "./event-streams";

interface StackFlags {
  readonly stack: string;
  readonly json?: true;
}
interface ActFlags extends StackFlags {
  readonly yes?: true;
}
interface ParkFlags extends ActFlags {
  readonly force?: true;
  readonly reason?: string;
}

/** `tenantry events …` */
export function command(): Command {
  return new Command("events")
    .description("Events that can't be written to Kafka: which one stops a connector, and the way out for it alone.")
    .addCommand(
      onStack(
        "status",
        "Show what each connector does, what it fails at and why. Ends with 1 unless all run and send.",
      ).action(status),
    )
    .addCommand(onStack("list", "Show the events that are parked.").action(list))
    .addCommand(
      onStack("park", "Take one event out of the stream and keep it, so that all others go on.")
        .argument("<id>", "the event's id, as `status` names it", eventId)
        .option("--reason <TEXT>", "kept beside it, in place of what Connect says")
        .option(
          "--force",
          "also where its connector has not failed at it; then it must be the next one, or sent already",
        )
        .option("--yes", "do it on another stack than `local`")
        .addHelpText("after", parkHelp)
        .action(parkOne),
    )
    .addCommand(
      onStack("send", "Put a parked event back into the outbox: it is sent under its id, behind all others.")
        .argument("<id>", "the event's id", eventId)
        .option("--yes", "do it on another stack than `local`")
        .action(sendOne),
    );
}

const parkHelp = `
It shows what it will do, then lets the connector send one record at a time until it fails at the event itself, stops it,
moves the event's row into parked_events, sets the connector's position behind that event, and starts it as it was. No other
event is passed over, and each keeps its place. Killed at any moment, the same command goes on where it was.`;

function onStack(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption("-s, --stack <STACK>", "the stack in stacks/Pulumi.STACK.yaml")
    .option("--json", "print it as JSON");
}

async function status({ stack, json }: StackFlags): Promise<void> {
  await withEvents(stack, tell, async (databases) => {
    const found = await diagnoseAll(databases);
    const parked = (await parkedOf(databases)).length;
    if (json) print(JSON.stringify({ stack, connectors: found.map(statusJson), parked }, undefined, 2));
    else print([...found.map(renderStatus), `${parked} event(s) are parked.`].join("\n\n"));
    process.exitCode = found.every(isSending) ? 0 : 1;
  });
}

function isSending({ state, failure, unreadable }: Diagnosis): boolean {
  return state === "RUNNING" && !failure && unreadable === undefined;
}

function statusJson({ stream, state, failure, suspect, stood, unreadable }: Diagnosis) {
  const { lsn: _, ...event } = suspect?.unsent.change ?? { lsn: undefined };
  return {
    connector: stream.connector.connector,
    node: stream.slot.node.name,
    state,
    ...(failure && { cause: failure.cause, kind: failure.kind, fix: failure.fix }),
    ...(suspect && { event, before: suspect.before }),
    ...(stood ? { waiting: stood.unsent.length, isMore: stood.isCut } : { unreadable }),
  };
}

function renderStatus({ stream, state, failure, suspect, stood, unreadable }: Diagnosis): string {
  const waiting = stood
    ? `${stood.unsent.length}${stood.isCut ? " and more" : ""} events wait to be sent`
    : `its log can't be read: ${unreadable}`;
  const lines = [`${stream.connector.connector} on ${stream.slot.node.name}: ${state}; ${waiting}`];
  if (failure) lines.push(`  cause:  ${failure.cause}`);
  if (suspect) {
    lines.push(`  at:     ${describeChange(suspect.unsent)}`);
    if (suspect.before > 0) lines.push(`          ${suspect.before} events of the same batch come before it`);
    lines.push(`  mend:   ${failure?.fix}; then \`tenantry up --refresh\``);
    lines.push(`  or:     tenantry events park ${suspect.unsent.change.id}`);
  } else if (failure) lines.push(`  mend:   ${failure.fix}`);
  return lines.join("\n");
}

async function list({ stack, json }: StackFlags): Promise<void> {
  await withEvents(stack, tell, async (databases) => {
    const parked = await parkedOf(databases);
    if (json) print(JSON.stringify({ stack, parked }, undefined, 2));
    else if (parked.length === 0) print("No event is parked.");
    else
      print(
        plainTable(
          ["id", "tenant", "aggregate", "type", "bytes", "parked", "by", "reason"],
          parked.map(({ id, tenant, aggregateType, type, bytes, parkedAt, parkedBy, reason }) => [
            id,
            tenant,
            aggregateType,
            type.slice(0, 40),
            String(bytes),
            parkedAt.toISOString(),
            parkedBy,
            reason,
          ]),
        ),
      );
  });
}

async function parkOne(id: string, { stack, json, yes, force, reason }: ParkFlags): Promise<void> {
  const say = json ? () => {} : print;
  await withEvents(stack, json ? () => {} : tell, async (databases) => {
    const request: ParkRequest = { id, force: force ?? false };
    const { database, place, diagnoses } = await findDatabase(databases, id);
    const way = findWay(request, diagnoses, await isKept(database, place, id));
    say(["Will:", ...describeWay(way, request, place).map((line) => `  ${line}`)].join("\n"));
    refuse(stack, yes);
    const parking = { reason, by: `${userInfo().username}@${hostname()}` };
    const outcome = await park(database.context, database.endpoints, way, request, place, parking);
    if (json) print(JSON.stringify({ stack, id, outcome }));
    say(outcomes[outcome]);
  });
}

const outcomes = {
  parked:
    "The event is parked, and its connector runs. `tenantry events send` sends it again, once the cause is mended.",
  sent: "The connector could send the event after all: nothing is parked, and it runs.",
  finished: "The earlier run is finished: the connector runs.",
} as const;

async function sendOne(id: string, { stack, json, yes }: ActFlags): Promise<void> {
  await withEvents(stack, json ? () => {} : tell, async (databases) => {
    const { database, place, diagnoses } = await findDatabase(databases, id);
    if (!(await isKept(database, place, id))) throw new Problems([notParked(place, id)]);
    const waits = diagnoses.find(({ stood }) => stood?.unsent.some(({ change }) => change.id === id));
    if (waits) throw new Problems([unfinished(id, waits)]);
    if (!json) print(`Will:\n  move event ${id} from ${place.schema}.parked_events into ${place.schema}.outbox`);
    refuse(stack, yes);
    await database.context.database.transaction((client) => sendParked(client, place, id));
    print(json ? JSON.stringify({ stack, id, outcome: "sent" }) : "The event is in the outbox again, and on its way.");
  });
}

/** Finds the database that has the event in its stream or among its parked events; otherwise returns the first database. */
async function findDatabase(databases: readonly DatabaseEvents[], id: string) {
  const looks = [];
  for (const database of databases) {
    const diagnoses = await diagnoseAll([database]);
    const change = diagnoses.flatMap(({ stood }) => stood?.unsent ?? []).find(({ change }) => change.id === id)?.change;
    const inStream = change && database.places.find(({ schema }) => schema === change.schema);
    const look = { database, diagnoses, place: inStream ?? (await findKept(database, id)) };
    looks.push(look);
    if (look.place) break;
  }
  const found = looks.find(({ place }) => place) ?? looks[0];
  const place = found?.place ?? found?.database.places[0];
  if (!found || !place) throw new Problems([noOutbox]);
  return { ...found, place };
}

async function findKept(database: DatabaseEvents, id: string): Promise<EventsPlace | undefined> {
  for (const place of database.places) if (await isKept(database, place, id)) return place;
  return undefined;
}

async function isKept({ context }: DatabaseEvents, place: EventsPlace, id: string): Promise<boolean> {
  return isParked(context.database.query.bind(context.database), place, id);
}

async function diagnoseAll(databases: readonly DatabaseEvents[]): Promise<readonly Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const { endpoints, streams, context } of databases) {
    for (const stream of streams) found.push(await diagnose(endpoints, context.connect, stream));
  }
  return found;
}

async function parkedOf(databases: readonly DatabaseEvents[]) {
  const found = [];
  for (const { context, places } of databases) {
    for (const place of places) {
      const read = context.database.query.bind(context.database);
      found.push(...(await listParked(read, place)).map((parked) => ({ schema: place.schema, ...parked })));
    }
  }
  return found;
}

function refuse(stack: string, yes: true | undefined): void {
  if (stack === "local" || yes) return;
  throw new Problems([
    { what: `Nothing was done: \`${stack}\` is another stack than \`local\``, fix: "add --yes if you mean it" },
  ]);
}

function unfinished(id: string, { stream }: Diagnosis) {
  return {
    what: `Connector ${stream.connector.connector} has not passed this event yet, and would send it twice`,
    got: id,
    fix: `finish with \`tenantry events park ${id}\` first`,
  };
}

const noOutbox = {
  what: "This stack has no outbox, and so no events",
  fix: "declare aggregates under `events` in architecture.yaml",
};

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

function eventId(text: string): string {
  const id = text.toLowerCase();
  if (uuid.test(id)) return id;
  throw new Problems([
    {
      what: "This is not an event's id",
      got: text.slice(0, 80),
      expected: "a uuid",
      fix: "see `tenantry events status`",
    },
  ]);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
