import type { TestContext } from "node:test";
import { Client } from "pg";
import type { PostgresNode } from "../../architecture/endpoints";
import { clientConfig } from "../../provider/postgres/postgres-connection";
import type { Check } from "../../verify/check";
import type { Finding } from "../../verify/finding";
import type { TargetOptions } from "../../verify/target";
import { verify } from "../../verify/verify";
import { type Applied, type ApplyOptions, applyApplication } from "./applied";
import { type FreshDatabase, freshDatabase } from "./servers";

/** The shop in a database of its own, and what verify says of it. */
export interface VerifiedShop extends Applied {
  readonly database: FreshDatabase;
  /** Whether there are workers. */
  readonly isCitus: boolean;
  /** For what somebody did by hand. */
  readonly admin: Client;
  /** As a superuser on one node. Closed with the test. */
  onNode(node: PostgresNode): Promise<Client>;
  /** Statement by statement, as Citus takes them. */
  run(sql: string | readonly string[]): Promise<void>;
  look(
    checks: readonly Check[],
    how?: Partial<TargetOptions>,
  ): Promise<readonly (Finding & { readonly check: string })[]>;
}

/** Applied without slots and connectors unless something else is left out. Gone after the test. */
export async function verifiedShop(t: TestContext, options: ApplyOptions = {}): Promise<VerifiedShop> {
  const database = await freshDatabase();
  const admin = new Client(clientConfig(database));
  const clients = [admin];
  t.after(async () => {
    for (const client of clients) await client.end();
    await database.drop();
  });
  const { endpoints } = database;
  const without = ["ReplicationSlot", "Connector"] as const;
  const applied = await applyApplication("ecommerce", endpoints, { without, ...options });
  // Now, as the setting that keeps Citus from waiting for itself holds for sessions begun after it was made.
  await admin.connect();
  return {
    ...applied,
    database,
    isCitus: database.nodes.length > 1,
    admin,
    async onNode({ host, port }) {
      const client = new Client(clientConfig({ ...database, host, port }));
      await client.connect();
      clients.push(client);
      return client;
    },
    async run(sql) {
      for (const statement of typeof sql === "string" ? [sql] : sql) await admin.query(statement);
    },
    async look(checks, how = {}) {
      const reports = await verify({ ...applied, endpoints, ...how }, checks);
      return reports.flatMap(({ check, findings }) => findings.map((finding) => ({ check, ...finding })));
    },
  };
}

/** What is not as it should be; the maintenance worker knows the application's own database only. */
export function amiss<Said extends Finding>(findings: readonly Said[]): readonly Said[] {
  return findings.filter(
    ({ outcome, subject }) => (outcome === "fail" || outcome === "warn") && subject !== "maintenance",
  );
}
