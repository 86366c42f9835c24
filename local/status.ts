import { adminPassword } from "./cluster";
import { type FailedConnector, failedConnectors } from "./failed-connectors";
import { lastLines } from "./files";
import { connectHealth, kafkaHealth, postgresHealth } from "./health";
import { type Home, type HomeSettings, readSettings } from "./home";
import { knownCause } from "./log-causes";
import { admin } from "./postgres";
import { type ServerState, stateOf } from "./server";
import { type ServerName, serverNames, serverTitles } from "./server-names";

export interface ServerStatus {
  readonly name: ServerName;
  readonly title: string;
  readonly state: ServerState;
  readonly pid?: number;
  readonly port: number;
  /** Of a running one: undefined if it serves, else what is missing. */
  readonly missing?: string;
  /** Of a killed one, where its log says why. */
  readonly fix?: string;
  /** Of Kafka Connect, where some have. */
  readonly failed?: readonly FailedConnector[];
  readonly log: string;
}

/** What each server of the home does now. */
export async function status(home: Home): Promise<readonly ServerStatus[]> {
  const settings = readSettings(home);
  if (!settings) return [];
  const names = serverNames.filter((name) => settings.citus || !name.startsWith("worker_"));
  return Promise.all(
    names.map(async (name) => {
      const { state, pid } = stateOf(home, name);
      const port = settings.ports[name];
      const missing = state === "running" ? await health(name, port, settings.secret) : undefined;
      const fix = state === "killed" ? causeOf(home, name) : undefined;
      const serves = state === "running" && missing === undefined;
      const failed = name === "connect" && serves ? await failedIn(settings) : [];
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

function health(name: ServerName, port: number, secret: string): Promise<string | undefined> {
  if (name === "kafka") return kafkaHealth(port);
  if (name === "connect") return connectHealth(port);
  return postgresHealth(port, admin, adminPassword(secret));
}

function causeOf(home: Home, name: ServerName): string | undefined {
  return knownCause(lastLines(home.log(name), 40).join("\n"), { log: home.log(name), portFlag: `--${name}-port` });
}

function failedIn({ ports, secret }: HomeSettings): Promise<readonly FailedConnector[]> {
  // Whatever keeps it from being asked shows in the servers' own lines.
  return failedConnectors(ports, { user: admin, password: adminPassword(secret) }).catch(() => []);
}
