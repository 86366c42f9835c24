import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorInputs } from "../architecture/data-plane/declaration";
import { withSession } from "../local/servers/sql-session";
import type { Bench } from "./bench";
import { ourConnector, prepareOutbox, requireOneNode, withStream } from "./bench-stream";
import { debeziumDefaults } from "./latency";
import type { Measurement } from "./measurement";

/** For two minutes after a start Java compiles in random bursts, which take up to 2 % of a core. */
const settleMs = 120_000;

/** Allows 3 % of a core if Debezium's defaults take 2.4 %. */
const target = { atMost: 1.25 };

/** Measures the CPU time of Kafka Connect while nothing is written: with our connector in both modes, and with Debezium's defaults. */
export async function measureIdle(bench: Bench): Promise<readonly Measurement[]> {
  const { servers, progress } = bench;
  requireOneNode(servers);
  return servers.withDatabase("ecommerce", (endpoints) =>
    withSession(endpoints.postgres, endpoints.postgres.database, async (client) => {
      await prepareOutbox(servers, endpoints, client);
      // Each measurement has a new process, because Java compiles for minutes and the first measurement would pay for all.
      const measure = async (name: string, exactlyOnce: boolean, connector: ConnectorInputs) => {
        await servers.restartConnect(exactlyOnce);
        return withStream(endpoints, client, connector, () =>
          progress.part(
            `idle, ${name}`,
            () => usage(bench),
            (share) => `${share.toFixed(1)} % of a core`,
          ),
        );
      };
      const eventual = await ourConnector(endpoints, "eventual");
      const once = await measure("at least once", false, eventual);
      const theirs = await measure("Debezium's defaults", false, {
        connector: "defaults",
        config: debeziumDefaults(eventual.config),
      });
      const exactlyOnce = await measure("exactly once", true, await ourConnector(endpoints, "strong"));
      return [compare("at least once", once, theirs), compare("exactly once", exactlyOnce, theirs)];
    }),
  );
}

function compare(mode: string, ours: number, theirs: number): Measurement {
  const what = `Kafka Connect idle, ${mode}`;
  return { what, against: "Debezium's defaults", unit: "% of a core", ours, theirs, ratio: ours / theirs, target };
}

/** The share of one core, in percent, over the measured time. */
async function usage({ servers, sizes }: Bench): Promise<number> {
  await sleep(Math.min(settleMs, sizes.seconds * 6_000));
  const [before, start] = [cpuSeconds(servers.connectPid()), performance.now()];
  await sleep(sizes.seconds * 1_000);
  return (100 * (cpuSeconds(servers.connectPid()) - before)) / ((performance.now() - start) / 1_000);
}

const ticksPerSecond = 100;

/** The CPU time that a process has used so far; NaN without `/proc`. */
export function cpuSeconds(pid: number): number {
  try {
    return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return Number.NaN;
  }
}

/** Reads the CPU seconds from `/proc/PID/stat`. The name in brackets may contain any character. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
