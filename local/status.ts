import { lastLines } from "../common/system/files";
import { type FailedConnector, failedConnectors } from "./failed-connectors";
import { type Home, type HomeSettings, readSettings } from "./home";
import { connectHealth, kafkaHealth, postgresHealth } from "./servers/health";
import { adminPassword, streamEndpoints } from "./servers/local-cluster";
import { knownCause } from "./servers/log-causes";
import { admin } from "./servers/postgres-server";
import { type ServerState, stateOf } from "./servers/server";
import { type ServerName, serverNames, serverTitles } from "./servers/server-names";

export interface ServerStatus {
  readonly name: ServerName;
  readonly title: string;
  readonly state: ServerState;
  readonly pid?: number;
  readonly port: number;
  /** The reason why a running server does not serve; undefined if it serves. */
  readonly missing?: string;
  /** The fix for a killed server, if its log shows the cause. */
  readonly fix?: string;
  /** Kafka Connect's failed connectors, if it has any. */
  readonly failed?: readonly FailedConnector[];
  readonly log: string;
}

/** The present state of each server of the home. */
export async function status(home: Home): Promise<readonly ServerStatus[]> {
  const settings = readSettings(home);
  if (!settings) return [];
  const names = serverNames.filter((name) => settings.citus || !name.startsWith("worker_"));
  return Promise.all(
    names.map(async (name) => {
      const { state, pid } = stateOf(home, name);
      const port = settings.ports[name];
      const missing = state === "running" ? await health(home, settings, name) : undefined;
      const fix = state === "killed" ? causeOf(home, name) : undefined;
      const serves = state === "running" && missing === undefined;
      const failed = name === "connect" && serves ? await failedIn(home, settings) : [];
      return {
        name,
        title: serverTitles[name],
        state,
        ...(pid !== undefined && { pid }),
        port,
        ...(missing !== undefined && { missing }),
        ...(fix !== undefined && { fix }),
        ...(failed.length > 0 && { failed }),
        log: home.log(name),
      };
    }),
  );
}

function health(home: Home, settings: HomeSettings, name: ServerName): Promise<string | undefined> {
  const { kafka, connect } = streamEndpoints(home, settings);
  if (name === "kafka") return kafkaHealth(kafka);
  if (name === "connect") return connectHealth(connect);
  return postgresHealth(settings.ports[name], admin, adminPassword(settings.secret));
}

function causeOf(home: Home, name: ServerName): string | undefined {
  return knownCause(lastLines(home.log(name), 40).join("\n"), { log: home.log(name), portFlag: `--${name}-port` });
}

function failedIn(home: Home, settings: HomeSettings): Promise<readonly FailedConnector[]> {
  // An error here is ignored, because the lines of the servers show its cause.
  return failedConnectors(streamEndpoints(home, settings), {
    user: admin,
    password: adminPassword(settings.secret),
  }).catch(() => []);
}
