import type { TestContext } from "node:test";
import type { PostgresEndpoint, PostgresNode } from "../../architecture/endpoints";
import { quoteIdentifier } from "../../common/identifier";
import { authenticateNodes } from "../../local/servers/citus-servers";
import { withSession } from "../../local/servers/sql-session";
import { type Restartable, startExtraServer } from "./extra-server";

/**
 * One more server for a test, with everything that a platform prepares: the database, the extension, access to the
 * other nodes. It is in no cluster, and is removed after the test.
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
      // These keys are not part of a node in a stack.
      start: { value: admin.start },
      stop: { value: admin.stop },
    },
  ) as PostgresNode & Restartable;
}
