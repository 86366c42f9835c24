import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { withSession } from "../local/sql-session";
import type { ConnectorConfig } from "../provider/connect";
import type { Bench } from "./bench";
import { debeziumDefaults } from "./latency";
import type { Measurement } from "./measurement";
import { ourConnector, prepareOutbox, requireOneNode, withStream } from "./outbox-stream";

const settleMs = 15_000;

/** What Kafka Connect uses while nothing is written: with our connector, and with Debezium's defaults. */
export async function measureIdle(bench: Bench): Promise<readonly Measurement[]> {
  const { servers, progress } = bench;
  requireOneNode(servers);
  return servers.withDatabase("ecommerce", (endpoints) =>
    withSession(endpoints.postgres, endpoints.postgres.database, async (client) => {
      await prepareOutbox(servers, endpoints, client);
      const measure = (name: string, connector: { readonly connector: string; readonly config: ConnectorConfig }) =>
        withStream(endpoints, client, connector, () =>
          progress.part(
            `idle, ${name}`,
            () => usage(bench),
            (share) => `${share.toFixed(1)} % of a core`,
          ),
        );
      const strong = await ourConnector(endpoints, "strong");
      await servers.restartConnect(true);
      const ours = await measure("our connector", strong);
      await servers.restartConnect(false);
      const theirs = await measure("Debezium's defaults", {
        connector: "defaults",
        config: debeziumDefaults(strong.config),
      });
      const what = "Kafka Connect idle, exactly once";
      return [{ what, against: "Debezium's defaults", unit: "% of a core", ours, theirs, ratio: ours / theirs }];
    }),
  );
}

/** Percent of one core over the measured time. */
async function usage({ servers, sizes }: Bench): Promise<number> {
  await sleep(Math.min(settleMs, sizes.seconds * 1_000));
  const [before, start] = [cpuSeconds(servers.connectPid()), performance.now()];
  await sleep(sizes.seconds * 1_000);
  return (100 * (cpuSeconds(servers.connectPid()) - before)) / ((performance.now() - start) / 1_000);
}

const ticksPerSecond = 100;

/** That a process has used so far; NaN where there is no `/proc`. */
function cpuSeconds(pid: number): number {
  try {
    return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return Number.NaN;
  }
}

/** Of a line of `/proc/PID/stat`; the name in brackets may hold anything. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
