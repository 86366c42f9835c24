import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { loadApplication } from "../architecture/application-loader";
import { type Database, databasesOf } from "../architecture/data-plane/application-databases";
import type { Endpoints } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { projectName, projectRoot } from "../common/system/project";
import { type Owner, refuseOthers } from "../provider/postgres/owner";
import { connect } from "../provider/postgres/postgres-connection";
import { oneByOne, readerOf } from "../provider/postgres/sql-statements";
import { loadSettings } from "../settings/stack-file";
import { openStore } from "../store/open-store";
import { checks } from "../verify/checks";
import { leakDefaults } from "../verify/target";
import { type CheckReport, verifyAll, worst } from "../verify/verify";
import { renderReport, reportJson } from "../verify/verify-report";
import { verifyScopes } from "../verify/verify-scopes";
import { revealSecret } from "./reveal-secret";
import { serversOf } from "./stack-servers";
import { wholeNumber } from "./whole-number";

interface VerifyFlags {
  readonly stack: string;
  readonly json?: true;
  readonly timeout: number;
  readonly only?: readonly string[];
  readonly seed: number;
  readonly queries: number;
}

/** The exit code if nothing could be checked: wrong usage, or a database that can't be reached. */
const unusable = 2;

/** `tenantry verify` */
export function command(): Command {
  return new Command("verify")
    .description("Check a running stack: placement, isolation, events, partitions, replication, drift.")
    .requiredOption("-s, --stack <STACK>", "the stack in stacks/Pulumi.STACK.yaml")
    .option("--json", "print the findings as JSON")
    .option("--timeout <SECONDS>", "the longest time that an event may take to reach Kafka", wholeNumber(1, 3_600), 30)
    .option("--queries <N>", "the number of queries that `leaks` runs", wholeNumber(1, 1_000_000), leakDefaults.queries)
    .option(
      "--seed <N>",
      "the seed of these queries; the same seed gives the same queries",
      wholeNumber(0, 2 ** 31),
      leakDefaults.seed,
    )
    .option("--only <CHECKS>", "run only these checks, separated by commas", checkNames)
    .addHelpText(
      "after",
      `\nThe checks:\n${checks.map(({ name, claim }) => `  ${name.padEnd(14)}${claim}`).join("\n")}
\nEnds with 1 if any of them fails, with ${unusable} if nothing could be looked at, or not to the end. Leaves nothing behind.`,
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : unusable))
    .action(async (flags: VerifyFlags) => {
      try {
        process.exitCode = (await run(flags)) ? 0 : 1;
      } catch (error) {
        if (!(error instanceof Problems)) throw error;
        console.error(error.message);
        process.exitCode = unusable;
      }
    });
}

/** Runs the checks. Returns false if a check failed. */
async function run({ stack, json, timeout, only, seed, queries }: VerifyFlags): Promise<boolean> {
  const settings = await loadSettings(stack, revealSecret(stack));
  const { endpoints, declared } = await serversOf(stack, settings);
  const loaded = await loadApplication(join(projectRoot, "sql", settings.application), settings.defaults);
  const store = settings.store && (await openStore(settings.store));
  const how = { ...(store && { store }), eventTimeoutMs: timeout * 1_000, leaks: { seed, queries } };
  const databases = databasesOf(loaded, settings, declared);
  await refuseOtherStacks(
    databases,
    endpoints,
    { application: settings.application, project: projectName(), stack },
    settings.allow,
  );
  const scopes = verifyScopes(databases, endpoints, how);
  const chosen = only ? checks.filter(({ name }) => only.includes(name)) : checks;
  const reports = await verifyAll(scopes, chosen, progress(json));
  if (json) process.stdout.write(`${reportJson(stack, reports)}\n`);
  else process.stdout.write(`${renderReport(reports, process.stdout.columns ?? 140, process.stdout.isTTY ?? false)}\n`);
  return worst(reports) !== "fail";
}

/** Refuses databases of another stack, because this stack's description does not fit them. The checks report servers that don't answer. */
async function refuseOtherStacks(
  databases: readonly Database[],
  endpoints: Endpoints,
  own: Owner,
  allow: readonly string[],
): Promise<void> {
  for (const { reach } of databases.filter(({ applications }) => applications.length > 0)) {
    const { postgres } = reach(endpoints);
    const client = await connect(postgres, { patient: false }).catch(() => undefined);
    if (!client) continue;
    await refuseOthers(oneByOne(readerOf(client)), own, postgres.database, new Set(allow)).finally(() => client.end());
  }
}

/** Prints a line for each check as it runs, so that the terminal shows progress. */
function progress(json: true | undefined): (report: CheckReport) => void {
  if (json || !process.stderr.isTTY) return () => {};
  return ({ check, ms }) => process.stderr.write(`${check} ${(ms / 1_000).toFixed(1)} s\n`);
}

function checkNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length === 0) return names;
  throw new InvalidArgumentError(`Expected some of: ${checks.map(({ name }) => name).join(", ")}.`);
}
