import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { ConnectEndpoint, Endpoints, KafkaEndpoint } from "../../architecture/endpoints";
import { homeAt, makeHome } from "../../local/home";
import { connectServer } from "../../local/servers/connect-server";
import { freePort } from "../../local/servers/port";
import { launch, stopServer, waitUntilHealthy } from "../../local/servers/server";

/**
 * A separate Connect group of one worker that delivers at least once. The embedded one makes every connector
 * transactional.
 *
 * @param more lines for the worker's properties
 */
export async function startExtraConnect(
  t: TestContext,
  { kafka, connect }: Endpoints,
  more: readonly string[] = [],
): Promise<ConnectEndpoint> {
  const home = homeAt(mkdtempSync(join(tmpdir(), "tenantry-connect-")));
  makeHome(home);
  const port = await freePort();
  const kafkaPort = Number(kafka.bootstrapServers[0]?.split(":")[1]);
  const loginOf = ({ user = "", password = "" }: KafkaEndpoint | ConnectEndpoint) => ({ user, password });
  const logins = { login: loginOf(connect), kafkaLogin: loginOf(kafka) };
  const server = connectServer({ home, port, kafkaPort, ...logins, heapMiB: 256, exactlyOnce: false });
  await server.prepare();
  const properties = join(home.of("connect"), "connect.properties");
  const secrets = dirname(/\$\{file:([^:]+):/.exec(connect.databasePassword)?.[1] ?? "");
  const settings = readFileSync(properties, "utf8")
    .replaceAll("tenantry-connect", basename(home.directory))
    .replace(/(allowed\.paths=).*/, `$1${secrets}`)
    // A test would otherwise wait a minute for the stored position.
    .concat(["offset.flush.interval.ms=1000", ...more, ""].join("\n"));
  writeFileSync(properties, settings);
  t.after(async () => {
    await stopServer(home, server.name);
    rmSync(home.directory, { recursive: true, force: true });
  });
  launch(home, server);
  await waitUntilHealthy(home, server);
  return { ...connect, url: `http://127.0.0.1:${port}` };
}
