import { existsSync, lstatSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, resolve } from "node:path";
import type { PostgresEndpoint } from "../architecture/endpoints";
import { type Calibration, calibrateDatabase } from "../bench/calibration";
import { type CalibrationReport, calibrationJson, ratesFile, renderCalibration } from "../bench/calibration-report";
import { withServers } from "../bench/servers";
import { measureThroughput } from "../bench/throughput";
import { Problems } from "../common/problem";
import { showProgress } from "../common/system/progress";
import { homeAt } from "../local/home";
import { requirePostgres } from "../local/servers/postgres-programs";
import type { MachineRates } from "../planner/rates";
import { loadSettings } from "../settings/stack-file";
import { revealSecret } from "./reveal-secret";
import { serversOf } from "./stack-servers";

interface CalibrateFlags {
  /** @default embedded servers of its own */
  readonly stack?: string;
  readonly cores?: number;
  readonly out?: string;
  readonly yes?: true;
  readonly json?: true;
  readonly home: string;
  readonly events: number;
  readonly seconds: number;
  readonly mostClients: number;
}

/** `tenantry bench --calibrate` */
export async function calibrate(flags: CalibrateFlags): Promise<void> {
  const { stack, out } = flags;
  if (out !== undefined) requireWritable(out);
  const { cores, rates } = await (stack === undefined ? ofEmbedded(flags) : ofStack(stack, flags));
  const servers = stack === undefined ? "embedded servers" : `stack ${stack}`;
  const report: CalibrationReport = { date: new Date().toISOString(), servers, cores, rates };
  if (out !== undefined) writeFileSync(out, ratesFile(report));
  process.stdout.write(`${flags.json ? calibrationJson(report) : renderCalibration(report)}\n`);
}

interface Measured {
  readonly cores: number;
  readonly rates: Partial<MachineRates>;
}

/** Reads and writes, and events where there is one log: on Citus each node has a connector. */
async function ofEmbedded({ home, events, cores = cpus().length, ...sizes }: CalibrateFlags): Promise<Measured> {
  const progress = showProgress();
  return withServers(homeAt(home), progress, async (servers) => {
    const { bin } = servers.programs;
    const database = await servers.withDatabase("ecommerce", ({ postgres }) =>
      calibrateDatabase({ postgres, bin, cores, ...sizes, progress }),
    );
    if (servers.citus) {
      progress.note("events are not measured on Citus");
      return { cores, rates: database };
    }
    const bench = { events, warmEvents: 0, rounds: 1, tables: 0, clients: 1, rows: 0, seconds: sizes.seconds };
    const measured = await measureThroughput({ servers, sizes: bench, progress });
    const fresh = (how: string) => Math.floor(measured.find(({ what }) => what.includes(`${how}, fresh`))?.ours ?? 0);
    return {
      cores,
      rates: { ...database, eventsExactlyOnce: fresh("exactly once"), eventsAtLeastOnce: fresh("at least once") },
    };
  });
}

/** Reads and writes alone: events would need Kafka Connect to be restarted in another mode. */
async function ofStack(stack: string, { yes, cores, seconds, mostClients }: CalibrateFlags): Promise<Measured> {
  const settings = await loadSettings(stack, revealSecret(stack));
  if (stack !== "local" && !yes) throw new Problems([notMeant(stack)]);
  const { postgres } = (await serversOf(stack, settings)).endpoints;
  const counted = cores ?? coresOf(postgres);
  if (counted === undefined) throw new Problems([unknownCores]);
  const { bin } = await requirePostgres();
  const progress = showProgress();
  const calibration: Calibration = { postgres, bin, cores: counted, seconds, mostClients, progress };
  const rates = await calibrateDatabase(calibration);
  progress.note("events are not measured on a stack's servers: leave out -s to measure them on embedded ones");
  return { cores: counted, rates };
}

/** PostgreSQL tells nobody how many it has; on this machine they can be counted. */
function coresOf({ host }: PostgresEndpoint): number | undefined {
  return ["127.0.0.1", "::1", "localhost"].includes(host) ? cpus().length : undefined;
}

/** Before minutes of measuring, not after. */
function requireWritable(out: string): void {
  const folder = dirname(resolve(out));
  const isFolder = existsSync(out) && lstatSync(out).isDirectory();
  if (existsSync(folder) && !isFolder) return;
  throw new Problems([
    {
      what: "The file of rates can't be written there",
      got: `--out ${out}`,
      expected: "a file in a folder that exists",
      fix: isFolder ? "name a file in it" : `make the folder ${folder}`,
    },
  ]);
}

function notMeant(stack: string) {
  return {
    what: `Calibrating writes rows of made-up tenants into a schema of its own on the stack \`${stack}\`, and loads its servers until they are full`,
    fix: "add --yes if you mean it; the schema goes in the end",
  };
}

const unknownCores = {
  what: "PostgreSQL does not say how many cores it has",
  expected: "`--cores N`: those of the database node, of all workers together with Citus",
  fix: "add it",
};
