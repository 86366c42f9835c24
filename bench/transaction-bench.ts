import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { Endpoints, Login } from "../architecture/endpoints";
import { withSession } from "../local/servers/sql-session";
import type { Bench } from "./bench";
import { prepareOutbox } from "./bench-stream";
import { type Measurement, ofRounds, type Round } from "./measurement";
import { runPostgres } from "./servers";
import { bareScript, forgetOrders, openShops, tenantScript } from "./transaction-scripts";

/** Measures placing an order as a tenant, with row level security and an event, against the same statements without them. */
export async function measureTransaction(bench: Bench): Promise<readonly Measurement[]> {
  const { servers, sizes, progress } = bench;
  return servers.withDatabase("ecommerce", (endpoints) =>
    withSession(endpoints.postgres, endpoints.postgres.database, async (client) => {
      await prepareOutbox(servers, endpoints, client);
      // tenantry:allow query-without-tenant Fills every tenant's shop before the measurement
      await client.query(openShops);
      const rounds: Round[] = [];
      for (let number = 1; number <= sizes.rounds; number++) {
        const round = () => oneRound({ ...bench, endpoints, client });
        const outcome = ({ ours, theirs }: Round) => `${Math.round(ours)} against ${Math.round(theirs)} a second`;
        rounds.push(await progress.part(`transactions, round ${number}`, round, outcome));
      }
      const what = "an order with row level security and its event";
      const against = "the order alone, as superuser";
      return [ofRounds({ what, against, unit: "transactions/s", target: { atLeast: 0.8 } }, rounds)];
    }),
  );
}

interface Context extends Bench {
  readonly endpoints: Endpoints;
  readonly client: Client;
}

async function oneRound(context: Context): Promise<Round> {
  const { postgres } = context.endpoints;
  if (!postgres.roles.app) throw new Error("the servers have no role `app`");
  const theirs = await perSecond(context, bareScript, postgres);
  return { theirs, ours: await perSecond(context, tenantScript, postgres.roles.app) };
}

/** Committed transactions per second, counted by pgbench. */
async function perSecond({ servers, sizes, endpoints, client }: Context, script: string, login: Login) {
  // Each run begins without orders and right after a checkpoint. Otherwise the second run would have larger tables and
  // pay for the pages that the first run changed.
  await client.query(forgetOrders);
  await client.query("CHECKPOINT");
  const folder = mkdtempSync(join(tmpdir(), "tenantry-bench-"));
  try {
    const file = join(folder, "transaction.sql");
    writeFileSync(file, script);
    const args = ["-n", "-f", file, "-c", String(sizes.clients), "-T", String(sizes.seconds)];
    return parseRate(await runPostgres(servers, endpoints, "pgbench", [...args, "-M", "prepared"], login));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the rate from pgbench's output. Throws if it is missing or if transactions failed. */
export function parseRate(output: string): number {
  const rate = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(output)?.[1] ?? 0);
  if (Number.isFinite(rate) && failed === 0) return rate;
  throw new Error(`pgbench: ${failed} transactions failed: ${output.trim().split("\n").slice(-3).join("; ")}`);
}
