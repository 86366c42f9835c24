import type { ConnectEndpoint, KafkaEndpoint } from "../../architecture/endpoints";
import { openKafka } from "../../kafka/kafka-client";
import { authorization } from "../../provider/connect/connect-client";
import { withSession } from "./sql-session";

/** Checks PostgreSQL. Undefined if it serves; otherwise the reason why not. */
export function postgresHealth(port: number, user: string, password: string): Promise<string | undefined> {
  return missing(async () => {
    await withSession({ host: "127.0.0.1", port, user, password }, "postgres", (client) => client.query("select 1"));
    return undefined;
  });
}

/** Checks Kafka. Undefined if it serves; otherwise the reason why not. Kafka listens some time before its broker is registered. */
export function kafkaHealth(endpoint: KafkaEndpoint): Promise<string | undefined> {
  return missing(async () => {
    const admin = openKafka(endpoint, "tenantry-local", 0).admin();
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      return brokers.length > 0 ? undefined : "its broker is not registered yet";
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  });
}

/** Checks Connect. Undefined if it serves; otherwise the reason why not. While it starts it refuses connections, then answers 404. */
export function connectHealth(endpoint: Omit<ConnectEndpoint, "databasePassword">): Promise<string | undefined> {
  return missing(async () => {
    const response = await fetch(`${endpoint.url}/health`, {
      headers: authorization(endpoint),
      signal: AbortSignal.timeout(5000),
    });
    return response.ok ? undefined : `its health answers ${response.status}`;
  });
}

async function missing(check: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
