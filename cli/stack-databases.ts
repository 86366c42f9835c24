import { join } from "node:path";
import { loadApplication } from "../architecture/application-loader";
import { type Database as DeclaredDatabase, databasesOf } from "../architecture/data-plane/application-databases";
import type { Endpoints } from "../architecture/endpoints";
import { projectRoot } from "../common/system/project";
import type { Database } from "../provider/postgres/database";
import { openDatabase } from "../provider/postgres/postgres";
import type { Settings } from "../settings/settings";
import { loadSettings } from "../settings/stack-file";
import { revealSecret } from "./reveal-secret";
import { serversOf } from "./stack-servers";

/** A database of a stack that holds an application's tables, and the connection to it. */
export interface StackDatabase {
  readonly declared: DeclaredDatabase;
  readonly endpoints: Endpoints;
  readonly database: Database;
}

/** Connects to every database of the stack that has tables of tenants, and runs `work`. */
export async function withDatabases<T>(
  stack: string,
  warn: (line: string) => void,
  work: (databases: readonly StackDatabase[], settings: Settings) => Promise<T>,
): Promise<T> {
  const settings = await loadSettings(stack, revealSecret(stack));
  const { endpoints, declared } = await serversOf(stack, settings);
  const loaded = await loadApplication(join(projectRoot, "sql", settings.application), settings.defaults);
  const databases = databasesOf(loaded, settings, declared)
    .filter(({ applications }) => applications.length > 0)
    .map((each): StackDatabase => {
      const reached = each.reach(endpoints);
      return { declared: each, endpoints: reached, database: openDatabase(reached.postgres, { warn }) };
    });
  try {
    return await work(databases, settings);
  } finally {
    for (const { database } of databases) await database.close();
  }
}
