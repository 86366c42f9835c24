import type { Client } from "pg";
import { quoteLiteral } from "../../common/identifier";

/** `elsewhere`: the server has no such worker, or its list can't be written by this role. */
export type Maintenance = "listed" | "unlisted" | "elsewhere";

interface Listed {
  /** Null if the worker is not loaded. */
  readonly list: string | null;
  /** True if ALTER SYSTEM takes effect: a setting on the server's command line takes precedence. */
  readonly writable: boolean;
}

/** List in force. It may be newer than this session's setting. */
async function readList(client: Client): Promise<Listed> {
  const { rows } = await client.query<Listed>(
    `SELECT s.setting AS list, r.rolsuper AND s.source <> 'command line' AS writable
     FROM pg_settings s, pg_roles r WHERE s.name = 'pg_partman_bgw.dbname' AND r.rolname = current_user`,
  );
  const [found = { list: null, writable: false }] = rows;
  if (!found.writable) return found;
  const written = await client.query<{ setting: string }>(
    "SELECT setting FROM pg_file_settings WHERE name = 'pg_partman_bgw.dbname' AND error IS NULL ORDER BY seqno DESC LIMIT 1",
  );
  return { ...found, list: written.rows[0]?.setting ?? found.list };
}

function namesOf(list: string | null): string[] {
  return (list ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** True if pg_partman's background worker maintains the database. */
export async function maintenanceOf(client: Client, database: string): Promise<Maintenance> {
  const { list, writable } = await readList(client);
  if (namesOf(list).includes(database)) return "listed";
  return writable ? "unlisted" : "elsewhere";
}

/**
 * Adds a database to the list, or removes it. The list never becomes shorter: the worker counts through it, and each
 * of its helpers reads its entry by number later (pg_partman_bgw.c, `list_nth`, 4.7 to 5.x). Beyond the end it
 * crashes, and the whole server with it. So another name stands twice until a new one takes that place.
 */
export function changeList(names: readonly string[], database: string, wanted: boolean): readonly string[] {
  if (names.includes(database) === wanted) return names;
  if (!wanted) {
    const filler = names.find((name) => name !== database) ?? "postgres";
    return names.map((name) => (name === database ? filler : name));
  }
  const free = names.findIndex((name, index) => names.indexOf(name) < index);
  return free < 0 ? [...names, database] : names.with(free, database);
}

/**
 * Adds a database to the list of pg_partman's background worker, or removes it: a missing database stops the worker
 * for all. The server reloads the list itself.
 */
export async function setMaintenance(client: Client, database: string, wanted: boolean): Promise<void> {
  const { list, writable } = await readList(client);
  const names = namesOf(list);
  const next = changeList(names, database, wanted);
  if (!writable || next === names) return;
  await client.query(`ALTER SYSTEM SET pg_partman_bgw.dbname = ${quoteLiteral(next.join(","))}`);
  await client.query("SELECT pg_reload_conf()");
}
