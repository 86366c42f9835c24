import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { removeTree } from "../../common/system/account-files";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";
import { canReach, postgresAccount } from "../../common/system/system-user";
import { readEndpoints } from "../../local/endpoints-file";
import { homeAt, makeHome } from "../../local/home";
import { ensureApplication } from "../../local/servers/application-database";
import { dataDirectory } from "../../local/servers/data-directory";
import { connectPlugins, kafkaJars } from "../../local/servers/java-artifacts";
import { freePort } from "../../local/servers/port";
import { requirePostgres } from "../../local/servers/postgres-programs";
import { postgresServer } from "../../local/servers/postgres-server";
import { launch, type Server, stateOf, stopServer, waitUntilHealthy } from "../../local/servers/server";
import { withSession } from "../../local/servers/sql-session";
import type { ServerStatus } from "../../local/status";
import { authorization } from "../../provider/connect/connect-client";
import { skip } from "./servers";

const isRoot = process.getuid?.() === 0;
const nobody = { name: "nobody", uid: 65_534, gid: 65_534 };

/** Makes a directory for a test. Servers in it are stopped before it is removed. */
function temporaryDirectory(context: TestContext, mode = 0o755) {
  const directory = mkdtempSync(join(tmpdir(), "local-"));
  chmodSync(directory, mode);
  const stops: (() => Promise<unknown>)[] = [];
  context.after(async () => {
    for (const stop of stops) await stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return { directory, beforeRemoval: (stop: () => Promise<unknown>) => stops.push(stop) };
}

/** Runs tenantry's command line. As root, runs it as an ordinary user if other accounts can read the checkout. */
function commandLine(context: TestContext, below = "") {
  const { directory: outer, beforeRemoval } = temporaryDirectory(context);
  const directory = join(outer, below);
  mkdirSync(directory, { recursive: true });
  const user = isRoot && canReach(join(root, "cli", "tenantry"), nobody) ? nobody : undefined;
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: directory, TENANTRY_HOME: join(directory, "servers") };
  if (user || below) {
    const cache = join(directory, "cache", "tenantry");
    for (const [from, to] of [
      [kafkaJars(), kafkaJars(cache)],
      [connectPlugins(), connectPlugins(cache)],
    ] as const) {
      mkdirSync(dirname(to), { recursive: true });
      cpSync(from, to, { recursive: true });
    }
    env.XDG_CACHE_HOME = join(directory, "cache");
    if (user) chownSync(directory, user.uid, user.gid);
  }
  const tenantry = (...args: readonly string[]) =>
    run(join(root, "cli", "tenantry"), ["local", ...args], { env, user });
  beforeRemoval(() => tenantry("down"));
  const status = async () => {
    const { code, stdout } = await tenantry("status", "--json");
    return { code, servers: JSON.parse(stdout) as readonly ServerStatus[] };
  };
  return { home: homeAt(join(directory, "servers")), tenantry, status, user };
}

const anyPorts = ["--postgres-port", "0", "--kafka-port", "0", "--connect-port", "0"];

test("starts, starts again, restarts killed servers, keeps the data over down and up, and resets", {
  skip,
}, async (context) => {
  const { home, tenantry, status } = commandLine(context);

  const first = await tenantry("up", "--json", ...anyPorts);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(new Set(JSON.parse(first.stdout).started).has("kafka"), true);
  assert.equal((await status()).code, 0);
  const { postgres } = readEndpoints(home.endpoints);
  await withSession(postgres, postgres.database, (client) => client.query("create table kept as select 1 as one"));
  for (const [role, login] of Object.entries(postgres.roles)) {
    const { rows } = await withSession({ ...postgres, ...login }, postgres.database, (client) =>
      client.query("select rolsuper, rolbypassrls, rolreplication from pg_roles where rolname = current_user"),
    );
    assert.deepEqual(rows, [{ rolsuper: false, rolbypassrls: false, rolreplication: role === "cdc" }]);
  }

  writeFileSync(home.endpoints, "{ damaged");
  const again = await tenantry("up");
  assert.match(again.stdout, /ran already: nothing was changed/);
  assert.deepEqual(readEndpoints(home.endpoints).postgres, postgres);

  for (const { name, pid } of (await status()).servers) {
    if (pid !== undefined && name !== "kafka") process.kill(pid, "SIGKILL");
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const killed = await status();
  assert.equal(killed.code, 1);
  assert.equal(killed.servers.find(({ name }) => name === "postgres")?.state, "killed");
  assert.equal((await tenantry("up")).code, 0);
  assert.equal((await status()).code, 0);

  const down = await tenantry("down", "--json");
  assert.deepEqual(JSON.parse(down.stdout).stopped.slice(0, 2), ["connect", "kafka"]);
  assert.ok((await status()).servers.every(({ state }) => state === "stopped"));
  assert.match((await tenantry("down")).stdout, /No server ran/);
  const refused = await tenantry("reset");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /--yes/);

  const back = await tenantry("up");
  assert.equal(back.code, 0, back.stderr);
  const kept = await withSession(postgres, postgres.database, (client) => client.query("select one from kept"));
  assert.deepEqual(kept.rows, [{ one: 1 }]);
  const secrets = readFileSync(home.settings, "utf8").match(/secret: (\S+)/)?.[1] ?? "none";
  const processes = spawnSync("ps", ["-eo", "args"], { encoding: "utf8" }).stdout;
  for (const secret of [secrets, postgres.password]) assert.equal(processes.includes(secret), false);
  assert.match((await tenantry("logs", "postgres", "-n", "500")).stdout, /ready to accept connections/);

  assert.equal((await tenantry("reset", "--yes")).code, 0);
  assert.equal(existsSync(home.endpoints), false);
});

test("everything runs with spaces and non-ASCII letters in the paths of home and cache", {
  skip,
}, async (context) => {
  const { home, tenantry, status } = commandLine(context, "mein  Projekt/жук & 店=1#2%20");
  const { code, stderr } = await tenantry("up", ...anyPorts);
  assert.equal(code, 0, stderr);
  assert.equal((await status()).code, 0);
  assert.ok(existsSync(join(home.of("kafka"), "data", "meta.properties")));
  const { connect, postgres } = readEndpoints(home.endpoints);
  const plugin = "tenantry.connect.OutboxConnector";
  const answer = await fetch(`${connect.url}/connector-plugins/${plugin}/config/validate`, {
    method: "PUT",
    headers: { "content-type": "application/json", ...authorization(connect) },
    body: JSON.stringify({ "connector.class": plugin, name: connect.databasePassword }),
  });
  assert.ok((await answer.text()).includes(postgres.roles.cdc?.password ?? "none"), "Connect reads the secret");
  assert.match((await tenantry("up")).stdout, /ran already: nothing was changed/);
});

test("rejects a path that the servers can't use, before anything is created", { skip }, async (context) => {
  const { home, tenantry } = commandLine(context);
  const { code, stderr } = await tenantry("up", "--home", `${home.directory},too`);
  assert.equal(code, 1);
  assert.match(stderr, /can't use this path as their home\n.*a comma[\s\S]*--home/);
  assert.equal(existsSync(`${home.directory},too`), false);
});

test("reports the process that uses a port, with the fix, and starts nothing", { skip }, async (context) => {
  const { tenantry, status } = commandLine(context);
  const port = await freePort();
  const occupant = createServer().listen(port, "127.0.0.1");
  context.after(() => occupant.close());
  const { code, stderr } = await tenantry("up", ...anyPorts, "--postgres-port", String(port));
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`Port ${port} for PostgreSQL is in use`));
  assert.match(stderr, /--postgres-port PORT.*TENANTRY_POSTGRES_PORT/);
  assert.ok((await status()).servers.every(({ state }) => state === "stopped"));
});

test("reports data without settings, because the passwords are lost with the settings", { skip }, async (context) => {
  const { home, tenantry, user } = commandLine(context);
  mkdirSync(join(home.of("data"), "postgres"), { recursive: true });
  if (user) chownSync(home.directory, user.uid, user.gid);
  const { code, stderr } = await tenantry("up");
  assert.equal(code, 1);
  assert.match(stderr, /settings .* missing or damaged[\s\S]*reset --yes/);
});

test("reports a home of another account without a stack trace", {
  skip: skip || (!isRoot && "only root"),
}, async (context) => {
  const { home, tenantry, user } = commandLine(context);
  if (!user) return context.skip("other accounts cannot read the checkout");
  mkdirSync(home.directory);
  const { code, stderr } = await tenantry("up");
  assert.equal(code, 1);
  assert.match(stderr, /cannot be used\n[\s\S]*another account/);
  assert.doesNotMatch(stderr, /^ +at /m);
});

test("as root, creates, stops and deletes nothing in a home of another account", {
  skip: skip || (!isRoot && "only root"),
}, async (context) => {
  const { directory } = temporaryDirectory(context);
  const home = homeAt(join(directory, "servers"));
  mkdirSync(home.directory);
  chownSync(home.directory, nobody.uid, nobody.gid);
  writeFileSync(home.settings, "secret: x\nports: {}\nkafkaClusterId: x\npostgresData: /nowhere\n");
  for (const command of [["up", ...anyPorts], ["down"], ["reset", "--yes"]]) {
    const args = ["local", ...command, "--home", home.directory];
    const { code, stderr } = await run(join(root, "cli", "tenantry"), args);
    assert.equal(code, 1, command[0]);
    assert.match(stderr, /^Root does not work in a folder of another account.*\n.*`nobody`\n.*Run this as `nobody`/);
  }
  assert.deepEqual(readdirSync(home.directory), ["settings.yaml"]);
});

/** Starts only PostgreSQL, in its own home. */
async function onlyPostgres(
  context: TestContext,
  mode?: number,
): Promise<{ home: ReturnType<typeof homeAt>; server: Server; data: string }> {
  const { directory, beforeRemoval } = temporaryDirectory(context, mode);
  const home = homeAt(join(directory, "home"));
  makeHome(home);
  const user = postgresAccount();
  const data = join(dataDirectory(home, user), "postgres");
  const own = { data, user, port: await freePort(), programs: await requirePostgres(), password: "x".repeat(20) };
  const server = postgresServer({ name: "postgres", database: "shop", citus: false, ...own });
  beforeRemoval(async () => {
    await stopServer(home, "postgres");
    rmSync(dirname(data), { recursive: true, force: true });
  });
  return { home, server, data };
}

test("as root, puts PostgreSQL's data where its account can reach it, even for a closed home", {
  skip: skip || (!isRoot && "only root"),
}, async (context) => {
  const { home, server, data } = await onlyPostgres(context, 0o700);
  assert.match(data, /^\/var\/lib\/tenantry\/[0-9a-f]{12}\/postgres$/);
  await server.prepare();
  launch(home, server);
  await waitUntilHealthy(home, server);
  assert.equal(stateOf(home, "postgres").state, "running");
});

test("as root, writes nothing through links that PostgreSQL's account puts into its folder", {
  skip: skip || (!isRoot && "only root"),
}, async (context) => {
  const { home, server, data } = await onlyPostgres(context);
  await server.prepare();
  const targets = mkdtempSync(join(tmpdir(), "targets-"));
  chmodSync(targets, 0o755);
  context.after(() => rmSync(targets, { recursive: true }));
  for (const name of ["postgresql.conf", "pg_hba.conf", "postmaster.pid"]) {
    const target = join(targets, name);
    writeFileSync(target, `${process.ppid}\nroot's own\n`, { mode: 0o644 });
    rmSync(join(data, name), { force: true });
    symlinkSync(target, join(data, name));
  }
  assert.equal(await server.prepare(), true);
  for (const name of ["postgresql.conf", "pg_hba.conf", "postmaster.pid"]) {
    assert.equal(readFileSync(join(targets, name), "utf8"), `${process.ppid}\nroot's own\n`);
    assert.equal(statSync(join(targets, name)).uid, 0);
  }
  const { uid } = postgresAccount() ?? { uid: 0 };
  for (const name of ["postgresql.conf", "pg_hba.conf"]) {
    const written = lstatSync(join(data, name));
    assert.deepEqual([written.isFile(), written.uid, written.mode & 0o777], [true, uid, 0o600]);
  }
  launch(home, server);
  await waitUntilHealthy(home, server);

  const kept = join(targets, "kept");
  writeFileSync(kept, "");
  symlinkSync(targets, join(data, "elsewhere"));
  await stopServer(home, "postgres");
  await removeTree(data);
  assert.deepEqual([existsSync(data), existsSync(kept)], [false, true]);
});

test("repairs wrong permissions and a stale lock, and adds a second application to the same server", {
  skip,
}, async (context) => {
  const { home, server, data } = await onlyPostgres(context);
  await server.prepare();
  chmodSync(data, 0o755);
  launch(home, server);
  await assert.rejects(waitUntilHealthy(home, server), /PostgreSQL ended while starting[\s\S]*mode 0700/);
  chmodSync(data, 0o700);

  // After a crash another process may have the process id that is in PostgreSQL's lock file.
  writeFileSync(join(data, "postmaster.pid"), `${process.ppid}\n${data}\n`);
  await server.prepare();
  launch(home, server);
  await waitUntilHealthy(home, server);

  const admin = { host: "127.0.0.1", port: server.port, user: "postgres", password: "x".repeat(20) };
  const needs = { name: "o'hara", roles: ["app"], secret: "s" };
  const once = await ensureApplication(admin, needs);
  assert.deepEqual(await ensureApplication(admin, needs), once);
  const { rows } = await withSession({ ...admin, ...(once.app ?? admin) }, "o'hara", (client) =>
    client.query("select extname from pg_extension where extname = 'pg_partman'"),
  );
  assert.equal(rows.length, 1);
});
