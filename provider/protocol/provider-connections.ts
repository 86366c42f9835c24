import { Problems } from "../../common/problem";
import { openConnect } from "../connect/connect-client";
import type { Connect } from "../connect/connect-state";
import { checkTopics } from "../connect/topic-check";
import type { Database } from "../postgres/database";
import { LiveQueries, type LiveReader } from "../postgres/live-queries";
import { claim, refuseOthers } from "../postgres/owner";
import { openDatabase } from "../postgres/postgres";
import { problemsFrom } from "../postgres/postgres-connection";
import type { Reader } from "../postgres/sql-statements";
import type { Configuration } from "./configuration";
import type { Engine } from "./engine";
import type { Context } from "./resource-context";

/** Connections of a configured provider to its servers. Each opens on first use. */
export interface ProviderConnections {
  /**
   * Returns the context of a resource. The first call connects and checks the server; if that fails, every resource
   * fails with the same problem.
   */
  context(urn: string): Promise<Context>;
  /** Like `context`, for a create or an update: the first call also checks the topics in Kafka. */
  contextForChange(urn: string): Promise<Context>;
  /**
   * Runs a query for a diff or a preview. Returns undefined if the database does not answer at once, for any reason.
   */
  tryQuery<T>(question: (live: LiveReader) => Promise<T>): Promise<T | undefined>;
  /** Discards what earlier queries read. Call it after each change. */
  dataChanged(): void;
  cancel(): void;
}

export function startProviderConnections(configuration: Configuration, engine: Engine): ProviderConnections {
  const abort = new AbortController();
  let servers: Promise<{ readonly database: Database; readonly connect: Connect }> | undefined;
  let topics: Promise<void> | undefined;
  let claimed: Promise<void> | undefined;
  const { owner, allow } = configuration;
  // A database from which others are created has no owner.
  const own = configuration.databases.length === 0 ? owner : undefined;
  const admit = async (read: Reader) => {
    const { endpoints } = configuration;
    if (own && endpoints) await refuseOthers(read, own, endpoints.postgres.database, allow);
  };
  const liveQueries = configuration.endpoints && new LiveQueries(configuration.endpoints.postgres, admit);
  let reported = false;
  // If a hundred resources fail for the same reason, only the first reports it.
  const reportOnce = (error: unknown) => {
    if (reported) throw problemsFrom(failedEarlier, error);
    reported = true;
    throw error;
  };
  const connections: ProviderConnections = {
    async context(urn) {
      servers ??= open(configuration, admit, abort.signal, (message) => engine.warn(urn, message));
      const { database, connect } = await servers.catch(reportOnce);
      return {
        database,
        connect,
        allow,
        ...(owner && { owner }),
        log: (message) => engine.info(urn, message),
        warn: (message) => engine.warn(urn, message),
        signal: abort.signal,
      };
    },
    async contextForChange(urn) {
      const { endpoints } = configuration;
      const warn = (message: string) => engine.warn(urn, message);
      topics ??= endpoints && checkTopics(endpoints.kafka, configuration.topics, warn);
      const [context] = await Promise.all([connections.context(urn), topics?.catch(reportOnce)]);
      const { database } = context;
      if (own) {
        claimed ??= database.transaction((client) => claim(client, own, database.endpoint.database, allow));
        await claimed.catch(reportOnce);
      }
      return context;
    },
    tryQuery: async (question) => liveQueries?.tryQuery(question),
    dataChanged: () => liveQueries?.dataChanged(),
    cancel: () => abort.abort(),
  };
  return connections;
}

const failedEarlier = {
  what: "Not done, as the servers can't be used",
  fix: "see the first error of this run",
};

async function open(
  configuration: Configuration,
  admit: (read: Reader) => Promise<void>,
  signal: AbortSignal,
  warn: (message: string) => void,
) {
  const { endpoints, citus, roles, databases } = configuration;
  if (!endpoints) {
    throw new Problems([
      {
        what: "The stack's endpoints are not known, so nothing can be applied",
        expected: "`tenantry:endpoints` in the stack file, or a file that it names",
        fix: "start the embedded servers with `tenantry local up`, or write the endpoints of your servers into the stack file",
      },
    ]);
  }
  const database = openDatabase(endpoints.postgres, { citus, roles, databases, signal, warn });
  await database.facts;
  await admit(database.query.bind(database));
  return { database, connect: openConnect(endpoints.connect, { signal }) };
}
