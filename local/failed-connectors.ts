import type { Endpoints, PostgresEndpoint } from "../architecture/endpoints";
import { openConnect } from "../provider/connect/connect-client";
import { describeChange, diagnose } from "../provider/connect/stream-diagnosis";

/** A connector with a failed task, or one that runs and sends nothing: no event of its database reaches Kafka. */
export interface FailedConnector {
  readonly connector: string;
  readonly slot: string;
  readonly runs: boolean;
  readonly cause: string;
  /** The event at which it fails, if an event is the cause; never the event's content. */
  readonly event?: string;
}

/** The failed connectors of a home's Connect, of all stacks. Their configuration has the database that they read. */
export async function failedConnectors(
  { connect: endpoint, kafka }: Pick<Endpoints, "connect" | "kafka">,
  admin: Pick<PostgresEndpoint, "user" | "password">,
): Promise<readonly FailedConnector[]> {
  const connect = openConnect(endpoint, { refusedPatienceMs: 2_000, startPatienceMs: 5_000 });
  const failed: FailedConnector[] = [];
  for (const connector of await connect.names()) {
    const config = await connect.config(connector);
    const {
      "slot.name": slot,
      "database.hostname": host,
      "database.port": port,
      "database.dbname": database,
    } = config ?? {};
    if (!config || !slot || !host || !port || !database) continue;
    const node = { name: host, host, port: Number(port) };
    const postgres: PostgresEndpoint = { ...node, ...admin, database, sslmode: "disable", nodes: [node], roles: {} };
    const stream = { connector: { connector, config }, slot: { node, slot } };
    const { state, failure, suspect } = await diagnose({ postgres, kafka }, connect, stream);
    if (!failure) continue;
    const event = suspect && { event: describeChange(suspect.unsent) };
    failed.push({ connector, slot, runs: state === "RUNNING", cause: failure.cause, ...event });
  }
  return failed;
}
