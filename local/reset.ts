import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Problems } from "../common/problem";
import { removeTree } from "../common/system/account-files";
import { requireOwnFolders } from "../common/system/ownership";
import type { Progress } from "../common/system/progress";
import { postgresAccount } from "../common/system/system-user";
import { down } from "./down";
import { type Home, readSettings } from "./home";
import { dataDirectory } from "./servers/data-directory";

/** Stops the servers and deletes their data, logs and passwords. */
export async function reset(home: Home, confirmed: boolean, progress: Progress): Promise<readonly string[]> {
  requireOwnFolders(home.directory, "the home of the embedded servers");
  const postgresData = readSettings(home)?.postgresData ?? dataDirectory(home, postgresAccount());
  const deleted = [postgresData, ...["kafka", "connect", "logs", "run"].map(home.of), home.endpoints, home.settings];
  if (!confirmed) {
    throw new Problems([
      {
        what: "`reset` deletes the databases, topics and connectors of the embedded servers",
        got: deleted.join(", "),
        fix: "To delete them, run `tenantry local reset --yes`; to only stop the servers, `tenantry local down`.",
      },
    ]);
  }
  await down(home, progress);
  // Deletes only files that it knows by name, because the home may contain other files.
  const nodes = existsSync(postgresData) ? readdirSync(postgresData).map((name) => join(postgresData, name)) : [];
  for (const path of [...nodes, ...deleted]) await removeTree(path);
  return deleted;
}
