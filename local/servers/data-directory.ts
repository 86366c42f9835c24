import { createHash } from "node:crypto";
import { join } from "node:path";
import { canReach, type SystemUser } from "../../common/system/system-user";
import type { Home } from "../home";

/** PostgreSQL's data directory: in the home, or under /var/lib if its account can't reach the home, as under /root. */
export function dataDirectory(home: Home, user: SystemUser | undefined): string {
  const data = home.of("data");
  if (!user || canReach(join(data, "postgres"), user)) return data;
  return join("/var/lib/tenantry", createHash("sha256").update(home.directory).digest("hex").slice(0, 12));
}
