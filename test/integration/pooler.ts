import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { Login, PostgresEndpoint } from "../../architecture/endpoints";
import { postgresAccount } from "../../common/system/system-user";
import { createAuthority, issueCertificate } from "../../components/citus/certificates";
import { type PoolerConfig, poolerConfig, poolerSettings, poolerUsers } from "../../components/pooler/config";
import { freePort } from "../../local/servers/port";

/** PgBouncer's version as a number: 118 for 1.18; undefined if PgBouncer is not installed. */
export function pgbouncerVersion(): number | undefined {
  try {
    const text = execFileSync("pgbouncer", ["--version"], { encoding: "utf8" });
    const [, major = 0, minor = 0] = /PgBouncer (\d+)\.(\d+)/.exec(text) ?? [];
    return Number(major) * 100 + Number(minor);
  } catch {
    return undefined;
  }
}

/** The first version in which named prepared statements work across server connections. */
export const keepsPrepared = 121;

/**
 * Starts a real PgBouncer with the component's settings in front of a database, on its own port. It ends after the test. The
 * embedded server has no TLS, so only the connection to it differs from production.
 */
export async function startPooler(
  t: TestContext,
  server: PostgresEndpoint,
  logins: readonly Login[],
  serverConnections: number,
  pooling: PoolerConfig["pooling"] = "transaction",
): Promise<PostgresEndpoint> {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-pooler-"));
  const authority = await createAuthority("tests");
  const pair = await issueCertificate(authority, "pooler", ["localhost"]);
  const listen = { address: "127.0.0.1", port: await freePort() };
  const path = (name: string) => join(folder, name);
  const config: PoolerConfig = {
    database: server.database,
    server,
    listen,
    pooling,
    serverConnections,
    clients: 200,
    paths: {
      users: path("userlist.txt"),
      sockets: folder,
      certificate: path("tls.crt"),
      key: path("tls.key"),
      authority: path("ca.crt"),
    },
  };
  const { max_prepared_statements: prepared = 0, server_tls_ca_file: _, ...settings } = poolerSettings(config);
  const known = (pgbouncerVersion() ?? 0) >= keepsPrepared ? { max_prepared_statements: prepared } : {};
  const ini = poolerConfig(config, { ...settings, ...known, server_tls_sslmode: "disable" });
  const files = {
    "pgbouncer.ini": ini,
    "userlist.txt": poolerUsers(logins),
    "tls.crt": pair.certificate,
    "tls.key": pair.key,
  };
  const account = postgresAccount();
  for (const [name, text] of Object.entries(files)) writeFileSync(path(name), text, { mode: 0o600 });
  for (const each of account ? [folder, ...Object.keys(files).map(path)] : []) {
    chownSync(each, account?.uid ?? -1, account?.gid ?? -1);
  }
  const as = account ? { uid: account.uid, gid: account.gid } : {};
  const running = spawn("pgbouncer", [path("pgbouncer.ini")], { stdio: ["ignore", "ignore", "pipe"], ...as });
  let log = "";
  running.stderr?.on("data", (text) => (log += text));
  t.after(async () => {
    await stop(running);
    rmSync(folder, { recursive: true, force: true });
  });
  const endpoint: PostgresEndpoint = {
    ...server,
    host: "localhost",
    port: listen.port,
    sslmode: "verify-full",
    ca: authority.certificate,
    addresses: { [`localhost:${listen.port}`]: { host: listen.address, port: listen.port } },
  };
  await untilItListens(listen, running, () => log);
  return endpoint;
}

async function stop(running: ChildProcess): Promise<void> {
  if (running.exitCode !== null) return;
  const ended = once(running, "exit");
  running.kill("SIGQUIT");
  await ended;
}

async function untilItListens(at: { address: string; port: number }, running: ChildProcess, log: () => string) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (running.exitCode !== null) throw new Error(`PgBouncer ended: ${log()}`);
    const client = new Client({ host: at.address, port: at.port, user: "nobody", database: "none" });
    client.on("error", () => {});
    const refused: Error = await client.connect().then(
      () => new Error("let in"),
      (error: Error) => error,
    );
    await client.end().catch(() => {});
    if (!/ECONNREFUSED/.test(`${(refused as { code?: string }).code} ${refused.message}`)) return;
    await sleep(100);
  }
  throw new Error(`PgBouncer does not listen: ${log()}`);
}
