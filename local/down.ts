import { withLock } from "../common/system/lock";
import { requireOwnFolders } from "../common/system/ownership";
import type { Progress } from "../common/system/progress";
import type { Home } from "./home";
import { stateOf, stopServer } from "./servers/server";
import { type ServerName, serverNames, serverTitles } from "./servers/server-names";

/** Stops the running servers, readers before the servers that they read from. Returns the names of those that ran. */
export async function down(home: Home, progress: Progress): Promise<readonly ServerName[]> {
  requireOwnFolders(home.directory, "the home of the embedded servers");
  if (serverNames.every((name) => stateOf(home, name).state === "stopped")) return [];
  const stop = async () => {
    const stopped: ServerName[] = [];
    for (const name of [...serverNames].reverse()) {
      if (stateOf(home, name).state === "stopped") continue;
      const ran = await progress.part(
        serverTitles[name],
        () => stopServer(home, name),
        (was) => (was ? "stopped" : "had been killed"),
      );
      if (ran) stopped.push(name);
    }
    return stopped;
  };
  // Stopping needs no disk space and may free some, so it works on a full disk.
  return withLock(home.lock, home.directory, stop, { evenOnFullDisk: true });
}
