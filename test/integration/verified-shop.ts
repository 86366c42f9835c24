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

/** The shop in its own database, and verify's findings on it. */
export interface VerifiedShop extends Applied {
  readonly database: FreshDatabase;
  /** True if the cluster has workers. */
  readonly isCitus: boolean;
  /** A connection for changes made by hand. */
  readonly admin: Client;
  /** Connects as a superuser to one node. Closed after the test. */
  onNode(node: PostgresNode): Promise<Client>;
  /** Runs the statements one at a time, because Citus requires it. */
  run(sql: string | readonly string[]): Promise<void>;
  look(
    checks: readonly Check[],
    how?: Partial<TargetOptions>,
  ): Promise<readonly (Finding & { readonly check: string })[]>;
}

/** Applies the shop, by default without slots and connectors. Dropped after the test. */
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
  // Connects now, because the setting that prevents Citus from waiting for itself applies only to new sessions.
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

/** The failures and warnings, except for the maintenance worker, which serves only the application's own database. */
export function amiss<Said extends Finding>(findings: readonly Said[]): readonly Said[] {
  return findings.filter(
    ({ outcome, subject }) => (outcome === "fail" || outcome === "warn") && subject !== "maintenance",
  );
}
