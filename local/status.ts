import { adminPassword } from "./cluster";
import { connectHealth, kafkaHealth, postgresHealth } from "./health";
import { type Home, readSettings } from "./home";
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
      return {
        name,
        title: serverTitles[name],
        state,
        ...(pid !== undefined && { pid }),
        port,
        ...(missing !== undefined && { missing }),
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
