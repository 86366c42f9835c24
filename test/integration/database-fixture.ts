import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { Client } from "pg";
import type { Login, PostgresEndpoint } from "../../architecture/endpoints";
import { setNodeLogins } from "../../provider/citus/node-logins";
import type { Connect } from "../../provider/connect/connect-state";
import { openDatabase } from "../../provider/postgres/postgres";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import type { Context } from "../../provider/protocol/resource-context";
import { freshDatabase } from "./servers";

/** A separate database, the handlers' context, and the logged lines. Dropped after the test. */
export interface DatabaseFixture extends Context {
  readonly endpoint: PostgresEndpoint;
  readonly logged: string[];
  readonly allow: Set<string>;
  /** Runs SQL on a separate connection, as an operator would. */
  run(sql: string): Promise<Record<string, unknown>[]>;
  /** Runs statements one by one as an application's role, because Citus forwards a SET LOCAL with its whole message. */
  runAs(role: string, ...sql: string[]): Promise<Record<string, unknown>[]>;
}

export async function startDatabaseFixture(t: TestContext, application = "shop"): Promise<DatabaseFixture> {
  const endpoint = await freshDatabase(application, ["app", "agent"]);
  const logged: string[] = [];
  const tell = (message: string) => void logged.push(message);
  const roles = Object.values(endpoint.roles).map(({ user }) => user);
  const database = openDatabase(endpoint, { roles, warn: tell });
  t.after(async () => {
    await database.close();
    await endpoint.drop();
  });
  const runWith = async (login: Login, ...sql: string[]) => {
    const client = new Client(clientConfig({ ...endpoint, ...login }));
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of sql) ({ rows } = await client.query(statement));
      return rows;
    } finally {
      await client.end();
    }
  };
  return {
    database,
    connect: noConnect,
    allow: new Set(),
    log: tell,
    warn: tell,
    signal: new AbortController().signal,
    endpoint,
    logged,
    run: (sql) => runWith(endpoint, sql),
    runAs(role, ...sql) {
      const login = endpoint.roles[role];
      if (!login) throw new Error(`no role ${role}`);
      return runWith(login, ...sql);
    },
  };
}

/** Connects as the administrator of a managed database, who owns the database and is no superuser. */
export async function fixtureAsAdministrator(
  t: TestContext,
  fixture: DatabaseFixture,
  user = `${fixture.endpoint.database}_administrator`,
): Promise<DatabaseFixture> {
  const password = randomUUID();
  await fixture.run("CREATE ROLE rds_superuser CREATEROLE");
  await fixture.run(`CREATE ROLE "${user}" LOGIN CREATEROLE PASSWORD '${password}' IN ROLE rds_superuser`);
  await fixture.run(`ALTER DATABASE "${fixture.endpoint.database}" OWNER TO "${user}"`);
  if ((await fixture.database.facts).citus !== undefined) {
    for (const place of [{ name: "coordinator", ...fixture.endpoint }, ...fixture.endpoint.nodes]) {
      await fixture.database.onNode(place, (client) => setNodeLogins(client, [{ user, password }]));
    }
  }
  const endpoint = { ...fixture.endpoint, user, password };
  const roles = Object.values(endpoint.roles).map((login) => login.user);
  const database = openDatabase(endpoint, { roles, warn: fixture.warn });
  t.after(async () => {
    await database.close();
    const client = new Client(clientConfig({ ...fixture.endpoint, database: "postgres" }));
    await client.connect();
    await client.query(`DROP ROLE IF EXISTS "${user}", rds_superuser`).finally(() => client.end());
  });
  return { ...fixture, database, endpoint };
}

/** A context for handlers that only act on the database. */
const noConnect = new Proxy({} as Connect, {
  get: (_, name) => {
    throw new Error(`Connect.${String(name)} was called`);
  },
});
