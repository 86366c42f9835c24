import type { Client } from "pg";
import { nodeLogin, setNodeLogin } from "../../architecture/data-plane/database-statements";
import type { Login, PostgresNode } from "../../architecture/endpoints";
import { type Admin, finds, withSession } from "./sql-session";

/** Registers the coordinator (without shards) and the workers in the session's database. */
export async function joinWorkers(client: Client, coordinator: Admin, workers: readonly PostgresNode[]): Promise<void> {
  const { host, port } = coordinator;
  const isNode = "select 1 from pg_catalog.pg_dist_node where nodename = $1 and nodeport = $2";
  if (!(await finds(client, `${isNode} and groupid = 0`, [host, port]))) {
    await client.query("select pg_catalog.citus_set_coordinator_host($1, $2)", [host, port]);
  }
  for (const worker of workers) {
    if (await finds(client, isNode, [worker.host, worker.port])) continue;
    await client.query("select pg_catalog.citus_add_node($1, $2)", [worker.host, worker.port]);
  }
  if (await finds(client, "select 1 from pg_catalog.pg_dist_node where groupid = 0 and shouldhaveshards", [])) {
    await client.query("select pg_catalog.citus_set_node_property($1, $2, 'shouldhaveshards', false)", [host, port]);
  }
}

/** Stores on every node the passwords with which roles connect to the other nodes. */
export async function authenticateNodes(
  nodes: readonly Admin[],
  database: string,
  logins: readonly Login[],
): Promise<void> {
  for (const node of nodes) {
    await withSession(node, database, async (client) => {
      for (const login of logins) await client.query(setNodeLogin, [...nodeLogin(login)]);
    });
  }
}
