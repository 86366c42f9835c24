import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { type Report, renderReport, reportJson } from "../bench/bench-report";
import { defaultSizes, type Sizes } from "../bench/bench-sizes";
import { type BenchmarkName, benchmarkNames, benchmarks } from "../bench/benchmarks";
import type { Measurement } from "../bench/measurement";
import { withServers } from "../bench/servers";
import { Problems } from "../common/problem";
import { showProgress } from "../common/system/progress";
import { workDirectory } from "../common/system/project";
import { explained } from "../common/system/system-error";
import { homeAt } from "../local/home";
import { calibrate as runCalibration } from "./calibrate";
import { wholeNumber } from "./whole-number";

interface Flags extends Sizes {
  readonly home: string;
  readonly only: readonly BenchmarkName[];
  readonly json?: true;
  readonly calibrate?: true;
  readonly stack?: string;
  readonly cores?: number;
  readonly out?: string;
  readonly yes?: true;
  readonly mostClients: number;
}

/** `tenantry bench` */
export function command(): Command {
  return new Command("bench")
    .description("Measure throughput, latency and overhead as ratios in one run, on embedded servers of its own.")
    .option("--only <BENCHMARKS>", `some of ${benchmarkNames.join(", ")}`, parseBenchmarks, benchmarkNames)
    .option("--events <N>", "events in one round of throughput", wholeNumber(1_000, 10_000_000), defaultSizes.events)
    .option(
      "--warm-events <N>",
      "events after which a worker counts as warm",
      wholeNumber(0, 100_000_000),
      defaultSizes.warmEvents,
    )
    .option("--rounds <N>", "rounds of each measurement that is repeated", wholeNumber(1, 100), defaultSizes.rounds)
    .option(
      "--seconds <N>",
      "duration of latency, transactions and idling",
      wholeNumber(1, 3_600),
      defaultSizes.seconds,
    )
    .option("--tables <N>", "tables of the application that is applied", wholeNumber(2, 1_000), defaultSizes.tables)
    .option("--clients <N>", "clients that run transactions in parallel", wholeNumber(1, 64), defaultSizes.clients)
    .option("--rows <N>", "rows of a month that ages", wholeNumber(1_000, 100_000_000), defaultSizes.rows)
    .option("--home <DIRECTORY>", "the directory of its servers", join(workDirectory, "bench"))
    .option("--json", "print the report as JSON, and nothing else")
    .option("--calibrate", "measure the rates that `tenantry plan` assumes instead")
    .option("-s, --stack <STACK>", "whose servers are calibrated; without, embedded ones")
    .option("--cores <N>", "of the database node that is calibrated", wholeNumber(1, 4_096))
    .option("--most-clients <N>", "up to which calibrating doubles its clients", wholeNumber(1, 1_024), 64)
    .option("--out <FILE>", "where calibrating writes what `tenantry plan --rates FILE` reads")
    .option("--yes", "calibrate another stack than `local`: it writes rows, and removes them")
    .action(async ({ calibrate, stack, cores, out, yes, mostClients, ...flags }: Flags) => {
      const { home, only, json, ...sizes } = flags;
      const own = {
        ...(stack !== undefined && { stack }),
        ...(cores !== undefined && { cores }),
        ...(out !== undefined && { out }),
        ...(yes && { yes }),
      };
      if (calibrate) return explained(() => runCalibration({ ...flags, ...own, mostClients }));
      if (Object.keys(own).length > 0) throw new Problems([calibrateOnly]);
      const report = await explained(() => measure(home, only, sizes));
      process.stdout.write(`${json ? reportJson(report) : renderReport(report)}\n`);
    });
}

const calibrateOnly = {
  what: "Only calibrating takes `--stack`, `--cores`, `--out` and `--yes`",
  fix: "add --calibrate; the benchmarks run on embedded servers of their own",
};

async function measure(home: string, only: readonly BenchmarkName[], sizes: Sizes): Promise<Report> {
  const progress = showProgress();
  const before = load();
  return withServers(homeAt(home), progress, async (servers) => {
    const measurements: Measurement[] = [];
    for (const benchmark of only) {
      const work = benchmarks[benchmark]();
      measurements.push(...(await work({ servers, sizes, progress })));
    }
    return {
      date: new Date().toISOString(),
      cores: cpus().length,
      load: { before, after: load() },
      postgres: servers.programs.version,
      citus: servers.citus,
      measurements,
    };
  });
}

function load(): number {
  return loadavg()[0] ?? Number.NaN;
}

function parseBenchmarks(text: string): readonly BenchmarkName[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !benchmarkNames.some((part) => part === name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no benchmark \`${unknown}\`: ${benchmarkNames.join(", ")}.`);
  return benchmarkNames.filter((part) => names.includes(part));
}
