import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoints, Login } from "../architecture/endpoints";
import { withSession } from "../local/sql-session";
import type { Bench } from "./bench";
import { type Measurement, ofRounds, type Round } from "./measurement";
import { prepareOutbox } from "./outbox-stream";
import { runPostgres } from "./servers";
import { bareScript, openShops, tenantScript } from "./transaction-scripts";

/** Placing an order as a tenant, with row level security and an event, against the same statements without them. */
export async function measureTransaction(bench: Bench): Promise<readonly Measurement[]> {
  const { servers, sizes, progress } = bench;
  return servers.withDatabase("ecommerce", (endpoints) =>
    withSession(endpoints.postgres, endpoints.postgres.database, async (client) => {
      await prepareOutbox(servers, endpoints, client);
      // tenantry:allow query-without-tenant Fills every tenant's shop before the measurement
      await client.query(openShops);
      const rounds: Round[] = [];
      for (let number = 1; number <= sizes.rounds; number++) {
        const round = () => oneRound(bench, endpoints);
        const outcome = ({ ours, theirs }: Round) => `${Math.round(ours)} against ${Math.round(theirs)} a second`;
        rounds.push(await progress.part(`transactions, round ${number}`, round, outcome));
      }
      const what = "an order with row level security and its event";
      const against = "the order alone, as superuser";
      return [ofRounds({ what, against, unit: "transactions/s", target: { atLeast: 0.8 } }, rounds)];
    }),
  );
}

async function oneRound(bench: Bench, endpoints: Endpoints): Promise<Round> {
  const { app } = endpoints.postgres.roles;
  if (!app) throw new Error("the servers have no role `app`");
  const theirs = await perSecond(bench, endpoints, bareScript, endpoints.postgres);
  return { theirs, ours: await perSecond(bench, endpoints, tenantScript, app) };
}

/** Committed transactions a second, as pgbench counts them. */
async function perSecond({ servers, sizes }: Bench, endpoints: Endpoints, script: string, login: Login) {
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

/** Throws unless pgbench says how many it made, and that none failed. */
export function parseRate(output: string): number {
  const rate = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(output)?.[1] ?? 0);
  if (Number.isFinite(rate) && failed === 0) return rate;
  throw new Error(`pgbench: ${failed} transactions failed: ${output.trim().split("\n").slice(-3).join("; ")}`);
}
