import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { postgresAccount } from "../../common/system/system-user";
import { homeAt, makeHome } from "../../local/home";
import { dataDirectory } from "../../local/servers/data-directory";
import { freePort } from "../../local/servers/port";
import { requirePostgres } from "../../local/servers/postgres-programs";
import { postgresServer } from "../../local/servers/postgres-server";
import { launch, stopServer, waitUntilHealthy } from "../../local/servers/server";

interface ExtraServer {
  readonly citus: boolean;
  /** Settings for the server's command line. @default none */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A server that a test may stop and start. */
export interface Restartable {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts an empty server with the same superuser for one test. Stops and removes it after the test. */
export async function startExtraServer(
  t: TestContext,
  endpoint: PostgresEndpoint,
  { citus, settings = {} }: ExtraServer,
): Promise<PostgresEndpoint & Restartable> {
  const home = homeAt(mkdtempSync(join(tmpdir(), "tenantry-server-")));
  makeHome(home);
  const user = postgresAccount();
  const data = dataDirectory(home, user);
  const plain = postgresServer({
    name: "worker_2",
    port: await freePort(),
    data: join(data, "worker"),
    database: endpoint.database,
    password: endpoint.password,
    citus,
    programs: await requirePostgres(),
    user,
  });
  const server = {
    ...plain,
    args: [...plain.args, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
  };
  t.after(async () => {
    await stopServer(home, server.name);
    for (const directory of [data, home.directory]) rmSync(directory, { recursive: true, force: true });
  });
  const start = async () => {
    launch(home, server);
    await waitUntilHealthy(home, server);
  };
  const stop = async () => void (await stopServer(home, server.name));
  await server.prepare();
  await start();
  return { ...endpoint, port: server.port, start, stop };
}
