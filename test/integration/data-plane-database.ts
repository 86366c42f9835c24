import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import type { Application } from "../../architecture/application";
import { parseBase } from "../../architecture/data-plane/base-sql";
import type { Login, PostgresEndpoint } from "../../architecture/endpoints";
import { loadSqlParser } from "../../architecture/sql/sql-parser";
import type { Connect } from "../../provider/connect/connect-state";
import { openDatabase } from "../../provider/postgres/postgres";
import type { Context } from "../../provider/protocol/resource-context";
import { distributedTable } from "../../provider/resources/distributed-table";
import { type FreshDatabase, freshDatabase } from "./servers";

/** A database with the toolkit's own SQL and a tenant root, and the context that a resource handler needs. */
export interface DataPlaneDatabase {
  readonly endpoint: FreshDatabase;
  readonly context: Context;
  /** Notices of the server, and lines that the handlers logged. */
  readonly said: string[];
  /** A superuser's connection, for actions of an operator or effects of time. */
  readonly admin: Client;
  /** Connects as a role of the application. */
  asRole(role: string): Promise<Client>;
  /** Runs as a superuser on every node that holds shards. */
  onEachNode(sql: string, values: readonly unknown[]): Promise<void>;
  connect(login: Login): Promise<Client>;
  close(): Promise<void>;
}

export const application: Application = {
  name: "ecommerce",
  schema: "ecommerce",
  tenant: { table: "tenants", column: "tenant_id", type: "uuid" },
  tables: [],
  files: [],
  events: { retention: { count: 3, unit: "day" }, maxPayload: { bytes: 8192 }, aggregates: [] },
  cold: { openRequests: 5, rowsPerDay: 1_000_000, bytesPerDay: { bytes: 2 ** 30 }, keep: { count: 3, unit: "day" } },
  roles: [],
};

const base = join(__dirname, "..", "..", "sql", "base");

export async function dataPlaneDatabase(allow: readonly string[] = []): Promise<DataPlaneDatabase> {
  const endpoint = await freshDatabase();
  const database = openDatabase(endpoint);
  const said: string[] = [];
  const admin = await connected(endpoint, endpoint.user, endpoint.password);
  admin.on("notice", ({ message }) => said.push(message ?? ""));
  await loadSqlParser();
  await applyBase(admin);
  await admin.query("CREATE SCHEMA ecommerce; CREATE TABLE ecommerce.tenants (tenant_id uuid PRIMARY KEY)");
  const context: Context = {
    database,
    connect: {} as Connect,
    allow: new Set(allow),
    log: (message) => said.push(message),
    warn: (message) => said.push(message),
    signal: new AbortController().signal,
  };
  await distributedTable.create(context, {
    schema: "ecommerce",
    table: "tenants",
    column: "tenant_id",
    placement: { shardCount: 4 },
    foreignKeys: [],
  });
  const clients = [admin];
  const connect = async ({ user, password }: Login) => {
    const client = await connected(endpoint, user, password);
    clients.push(client);
    return client;
  };
  return {
    endpoint,
    context,
    said,
    admin,
    onEachNode: async (sql, values) => {
      for (const node of endpoint.nodes) {
        const client = await connected({ ...endpoint, ...node }, endpoint.user, endpoint.password);
        await client.query(sql, [...values]).finally(() => client.end());
      }
    },
    asRole: async (role) => {
      const login = endpoint.roles[role];
      if (!login) throw new Error(`no role ${role}`);
      return connect(login);
    },
    connect,
    close: async () => {
      await database.close();
      for (const client of clients) await client.end();
      await endpoint.drop();
    },
  };
}

/** Runs the statements one after the other, as the provider would. */
async function applyBase(client: Client): Promise<void> {
  const sources = readdirSync(base).map((name) => ({
    path: `sql/base/${name}`,
    text: readFileSync(join(base, name), "utf8"),
  }));
  for (const { statements } of parseBase(application, sources)) {
    for (const { sql } of statements) await client.query(sql);
  }
}

async function connected({ host, port, database }: PostgresEndpoint, user: string, password: string): Promise<Client> {
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  await client.query("SET TimeZone = 'UTC'; SET client_min_messages = notice");
  return client;
}
