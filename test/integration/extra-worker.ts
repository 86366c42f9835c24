import type { TestContext } from "node:test";
import type { PostgresEndpoint, PostgresNode } from "../../architecture/endpoints";
import { quoteIdentifier } from "../../common/identifier";
import { authenticateNodes } from "../../local/servers/citus-servers";
import { withSession } from "../../local/servers/sql-session";
import { type Restartable, startExtraServer } from "./extra-server";

/**
 * One more server for a test, with what a platform gives it: the database, the extension, the way in to the other nodes. No member of
 * any cluster. Gone after the test.
 */
export async function startExtraWorker(
  t: TestContext,
  endpoint: PostgresEndpoint,
  name: string,
): Promise<PostgresNode & Restartable> {
  const admin = await startExtraServer(t, endpoint, { citus: true });
  await withSession(admin, "postgres", (client) =>
    client.query(`CREATE DATABASE ${quoteIdentifier(endpoint.database)}`),
  );
  await withSession(admin, endpoint.database, (client) => client.query("CREATE EXTENSION citus"));
  await authenticateNodes([admin], endpoint.database, [endpoint]);
  return Object.defineProperties(
    { name, host: admin.host, port: admin.port },
    {
      // No part of what a stack lists.
      start: { value: admin.start },
      stop: { value: admin.stop },
    },
  ) as PostgresNode & Restartable;
}
