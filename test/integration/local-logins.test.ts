import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import type { KafkaEndpoint, Login } from "../../architecture/endpoints";
import { openKafka } from "../../kafka/kafka-client";
import { requirePostgres } from "../../local/servers/postgres-programs";
import { withSession } from "../../local/servers/sql-session";
import { openConnect } from "../../provider/connect/connect-client";
import { servers, skip } from "./servers";

test("Connect requires its login, and a validation reveals no secret", { skip }, async () => {
  const { connect } = servers();
  const plugin = "tenantry.connect.OutboxConnector";
  const calls: readonly (readonly [string, string, unknown?])[] = [
    ["GET", "/"],
    ["GET", "/health"],
    ["GET", "/connectors?expand=info"],
    ["GET", "/admin/loggers"],
    [
      "PUT",
      `/connector-plugins/${plugin}/config/validate`,
      { "connector.class": plugin, name: connect.databasePassword },
    ],
    ["PUT", "/connectors/mine/config", { "connector.class": plugin, name: "mine" }],
  ];
  const logins: readonly (Login | undefined)[] = [
    undefined,
    { user: connect.user ?? "", password: "guess" },
    { user: "postgres", password: connect.password ?? "" },
  ];
  for (const [method, path, body] of calls) {
    for (const login of logins) {
      const { status } = await fetch(`${connect.url}${path}`, {
        method,
        headers: {
          "content-type": "application/json",
          ...(login && { authorization: `Basic ${btoa(`${login.user}:${login.password}`)}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      assert.equal(status, 401, `${method} ${path} as ${login?.user ?? "nobody"}`);
    }
  }
  await assert.rejects(openConnect({ ...connect, password: "guess" }).names(), /refused the login[\s\S]*HTTP 401/);
  assert.ok(Array.isArray(await openConnect(connect).names()));
});

test("Kafka requires its login for listing, creating, writing and reading topics", { skip }, async (t) => {
  const { kafka } = servers();
  const strangers: readonly KafkaEndpoint[] = [
    { bootstrapServers: kafka.bootstrapServers },
    { ...kafka, password: "guess" },
    { ...kafka, user: "kafka" },
  ];
  for (const stranger of strangers) {
    const client = openKafka(stranger, "stranger-test", 0);
    const admin = client.admin();
    const producer = client.producer();
    const consumer = client.consumer({ groupId: "stranger" });
    t.after(() => Promise.all([admin, producer, consumer].map((each) => each.disconnect().catch(() => undefined))));
    for (const work of [
      async () => {
        await admin.connect();
        await admin.listTopics();
      },
      async () => {
        await producer.connect();
        await producer.send({ topic: "tenantry-connect-configs", messages: [{ value: "x" }] });
      },
      async () => {
        await consumer.connect();
        await consumer.subscribe({ topic: "tenantry-connect-configs" });
      },
    ])
      await assert.rejects(work(), `as ${stranger.user ?? "nobody"}`);
  }
  const admin = openKafka(kafka, "stranger-test").admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  assert.ok((await admin.listTopics()).includes("tenantry-connect-configs"));
});

test("no role can copy the server by physical replication, not even the superuser", {
  skip,
}, async (t) => {
  const { postgres } = servers();
  const { bin } = await requirePostgres();
  const room = mkdtempSync(join(tmpdir(), "copy-"));
  t.after(() => rmSync(room, { recursive: true }));
  for (const login of [...Object.values(postgres.roles), postgres]) {
    const { status, stderr } = spawnSync(join(bin, "pg_basebackup"), ["-D", join(room, login.user), "-w"], {
      encoding: "utf8",
      env: {
        ...process.env,
        PGHOST: postgres.host,
        PGPORT: String(postgres.port),
        PGUSER: login.user,
        PGPASSWORD: login.password,
      },
    });
    assert.notEqual(status, 0, login.user);
    assert.match(stderr, /pg_hba.conf rejects replication connection/, login.user);
  }
});

test("only the connector's login can replicate a database", { skip }, async () => {
  const { postgres } = servers();
  const { rows } = await withSession(postgres, postgres.database, (client) =>
    client.query<{ rolname: string }>(
      "select rolname from pg_roles where rolreplication and rolcanlogin and not rolsuper and rolname = any ($1)",
      [Object.values(postgres.roles).map(({ user }) => user)],
    ),
  );
  assert.deepEqual(
    rows.map(({ rolname }) => rolname),
    [postgres.roles.cdc?.user],
  );
});

test("other accounts on the machine cannot read the logins of Kafka and Connect", { skip }, () => {
  const home = dirname(process.env.TENANTRY_ENDPOINTS ?? "");
  const { kafka, connect } = servers();
  for (const file of [
    "endpoints.yaml",
    "settings.yaml",
    "kafka/server.properties",
    "connect/connect.properties",
    "connect/rest-users.properties",
    "connect/secrets.properties",
  ])
    assert.equal(statSync(join(home, file)).mode & 0o077, 0, file);
  const { stdout } = spawnSync("ps", ["-eo", "args"], { encoding: "utf8" });
  for (const { password } of [kafka, connect]) assert.equal(stdout.includes(password ?? "none"), false);
});
