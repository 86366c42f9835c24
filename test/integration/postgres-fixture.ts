import type test from "node:test";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import { type DatabaseOptions, openDatabase } from "../../provider/postgres/postgres";
import { freshDatabase } from "./servers";

/** A database with roles, and connections to it that end with the test. */
export async function startPostgres(t: test.TestContext) {
  const endpoint = await freshDatabase("shop", ["app", "agent"]);
  const opened: ReturnType<typeof openDatabase>[] = [];
  const logged: string[] = [];
  t.after(async () => {
    for (const database of opened) await database.close();
    await endpoint.drop();
  });
  const open = (changes: Partial<PostgresEndpoint> = {}, options: DatabaseOptions = {}) => {
    const database = openDatabase({ ...endpoint, ...changes }, { warn: (message) => logged.push(message), ...options });
    opened.push(database);
    return database;
  };
  return { endpoint, open, logged };
}
