import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { PostgresEndpoint, PostgresNode } from "../../architecture/endpoints";
import { quoteIdentifier } from "../../architecture/identifier";
import { authenticateNodes } from "../../local/citus";
import { dataDirectory } from "../../local/data-directory";
import { homeAt, makeHome } from "../../local/home";
import { freePort } from "../../local/port";
import { postgresServer } from "../../local/postgres";
import { requirePostgres } from "../../local/postgres-programs";
import { launch, stopServer, waitUntilHealthy } from "../../local/server";
import { withSession } from "../../local/sql-session";
import { postgresAccount } from "../../local/system-user";

/**
 * One more server for a test, with what a platform gives it: the database, the extension, the way in to the other nodes. No member of
 * any cluster. Gone after the test.
 */
export async function startExtraWorker(
  t: TestContext,
  endpoint: PostgresEndpoint,
  name: string,
): Promise<PostgresNode> {
  const home = homeAt(mkdtempSync(join(tmpdir(), "tenantry-worker-")));
  makeHome(home);
  const user = postgresAccount();
  const data = dataDirectory(home, user);
  const server = postgresServer({
    name: "worker_2",
    port: await freePort(),
    data: join(data, "worker"),
    database: endpoint.database,
    password: endpoint.password,
    citus: true,
    programs: await requirePostgres(),
    user,
  });
  t.after(async () => {
    await stopServer(home, server.name);
    for (const directory of [data, home.directory]) rmSync(directory, { recursive: true, force: true });
  });
  await server.prepare();
  launch(home, server);
  await waitUntilHealthy(home, server);
  const admin = { ...endpoint, port: server.port };
  await withSession(admin, "postgres", (client) =>
    client.query(`CREATE DATABASE ${quoteIdentifier(endpoint.database)}`),
  );
  await withSession(admin, endpoint.database, (client) => client.query("CREATE EXTENSION citus"));
  await authenticateNodes([admin], endpoint.database, [endpoint]);
  return { name, host: admin.host, port: admin.port };
}
