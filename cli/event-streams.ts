import { join } from "node:path";
import { loadApplication } from "../architecture/application-loader";
import { eventsSchema } from "../architecture/application-names";
import { type Database, databasesOf } from "../architecture/data-plane/application-databases";
import type { Endpoints } from "../architecture/endpoints";
import { projectRoot } from "../common/system/project";
import { openConnect } from "../provider/connect/connect-client";
import { type OutboxStream, streamsOf } from "../provider/events/outbox-stream";
import type { EventsPlace } from "../provider/events/parked-events";
import { openDatabase } from "../provider/postgres/postgres";
import type { Context } from "../provider/protocol/resource-context";
import { loadSettings } from "../settings/stack-file";
import { revealSecret } from "./reveal-secret";
import { serversOf } from "./stack-servers";

/** The event streams of one database, its outboxes, and the operations on them. */
export interface DatabaseEvents {
  readonly name: string;
  readonly endpoints: Endpoints;
  readonly streams: readonly OutboxStream[];
  readonly places: readonly EventsPlace[];
  readonly context: Context;
}

/** Connects to every database of the stack that has an outbox, and runs `work`. */
export async function withEvents<T>(
  stack: string,
  tell: (line: string) => void,
  work: (databases: readonly DatabaseEvents[]) => Promise<T>,
): Promise<T> {
  const settings = await loadSettings(stack, revealSecret(stack));
  const { endpoints, declared } = await serversOf(stack, settings);
  const loaded = await loadApplication(join(projectRoot, "sql", settings.application), settings.defaults);
  const databases = databasesOf(loaded, settings, declared)
    .map((database) => open(database, endpoints, tell))
    .filter(({ places }) => places.length > 0);
  try {
    return await work(databases);
  } finally {
    for (const { context } of databases) await context.database.close();
  }
}

function open(database: Database, servers: Endpoints, tell: (line: string) => void): DatabaseEvents {
  const endpoints = database.reach(servers);
  const { signal } = new AbortController();
  return {
    name: database.name,
    endpoints,
    streams: streamsOf(database.declarations),
    places: database.applications
      .filter(({ scope }) => scope?.model !== "schema" || scope.tenant)
      .map((each) => ({ schema: eventsSchema(each), column: each.tenant.column })),
    context: {
      database: openDatabase(endpoints.postgres, { warn: tell }),
      connect: openConnect(endpoints.connect),
      allow: new Set(),
      log: tell,
      warn: tell,
      signal,
    },
  };
}
