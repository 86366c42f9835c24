import type { TestContext } from "node:test";
import { Client } from "pg";
import type { Login, PostgresEndpoint } from "../../architecture/endpoints";
import type { Connect } from "../../provider/connect/connect-state";
import { openDatabase } from "../../provider/postgres/postgres";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import type { Context } from "../../provider/protocol/resource-context";
import { freshDatabase } from "./servers";

/** A database of its own, what fixture code gets, and the lines that it logged. Gone after the test. */
export interface DatabaseFixture extends Context {
  readonly endpoint: PostgresEndpoint;
  readonly logged: string[];
  readonly allow: Set<string>;
  /** As an operator would, on a connection of its own. */
  run(sql: string): Promise<Record<string, unknown>[]>;
  /** As one of the application's roles, one after the other: Citus passes a SET LOCAL on with all of its message. */
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

/** For kinds that only act on the database. */
const noConnect = new Proxy({} as Connect, {
  get: (_, name) => {
    throw new Error(`Connect.${String(name)} was called`);
  },
});
