import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { showProgress } from "../common/system/progress";
import { projectRoot, workDirectory } from "../common/system/project";
import { explained } from "../common/system/system-error";
import { plainTable } from "../common/table";
import { down } from "../local/down";
import type { FailedConnector } from "../local/failed-connectors";
import { homeAt } from "../local/home";
import { reset } from "../local/reset";
import { showLogs } from "../local/servers/logs";
import { type ServerName, serverNames } from "../local/servers/server-names";
import { type ServerStatus, status } from "../local/status";
import { up } from "../local/up";
import { forgetStack } from "../pulumi-cli/stack";
import { stackApplication } from "../settings/stack-application";

const defaultHome = join(workDirectory, "local");

interface HomeOption {
  readonly home: string;
}
interface JsonOption {
  readonly json?: true;
}
interface UpFlags extends HomeOption, JsonOption {
  readonly stack: string;
  readonly postgresPort?: number;
  readonly kafkaPort?: number;
  readonly connectPort?: number;
  readonly connectHeap: number;
}
interface LogFlags extends HomeOption {
  readonly lines: number;
  readonly follow?: true;
}

/** `tenantry local …` */
export function command(): Command {
  return new Command("local")
    .description("The embedded servers: PostgreSQL (or Citus), Kafka and Kafka Connect as plain processes on loopback.")
    .addCommand(upCommand())
    .addCommand(downCommand())
    .addCommand(statusCommand())
    .addCommand(logsCommand())
    .addCommand(resetCommand());
}

function upCommand(): Command {
  return onHome("up", "Start what does not run, wait until it serves, make the application's database and roles.")
    .option("-s, --stack <STACK>", "the stack whose application gets a database", "local")
    .addOption(port("postgres", "of PostgreSQL; Citus' workers take the next two"))
    .addOption(port("kafka", "of Kafka; its controller takes the next one"))
    .addOption(port("connect", "of Kafka Connect"))
    .addOption(
      new Option("--connect-heap <MIB>", "memory of Kafka Connect, in MiB")
        .env("TENANTRY_CONNECT_HEAP")
        .argParser(wholeNumber(64, 65_536))
        .default(512),
    )
    .option("--json", "print the endpoints as JSON, without passwords")
    .action(async (flags: UpFlags) => {
      const home = homeAt(flags.home);
      const options = {
        ports: { postgres: flags.postgresPort, kafka: flags.kafkaPort, connect: flags.connectPort },
        application: stackApplication(projectRoot, flags.stack),
        connectHeapMiB: flags.connectHeap,
      };
      const { endpoints, started } = await explained(() => up(home, options, showProgress()));
      const { host, port, database, nodes } = endpoints.postgres;
      if (flags.json) {
        print(
          JSON.stringify({
            postgres: { host, port, database, nodes },
            kafka: { bootstrapServers: endpoints.kafka.bootstrapServers },
            connect: { url: endpoints.connect.url, databasePassword: endpoints.connect.databasePassword },
            started,
          }),
        );
      } else {
        print(started.length === 0 ? "All servers ran already: nothing was changed." : "All servers run.");
        print(`Endpoints and logins: ${home.endpoints}`);
      }
    });
}

function downCommand(): Command {
  return onHome("down", "Stop the servers. Their data stays.")
    .option("--json", "print what was stopped as JSON")
    .action(async (flags: HomeOption & JsonOption) => {
      const stopped = await explained(() => down(homeAt(flags.home), showProgress()));
      if (flags.json) print(JSON.stringify({ stopped }));
      else if (stopped.length === 0) print("No server ran.");
    });
}

function statusCommand(): Command {
  return onHome(
    "status",
    "Show what each server does, and which connectors have failed. Ends with 1 unless all of them serve.",
  )
    .option("--json", "print it as JSON")
    .action(async (flags: HomeOption & JsonOption) => {
      const servers = await explained(() => status(homeAt(flags.home)));
      if (flags.json) print(JSON.stringify(servers));
      else if (servers.length === 0) print("No servers here yet: `tenantry local up` makes them.");
      else print(renderStatus(servers));
      const serving =
        servers.length > 0 &&
        servers.every(({ state, missing, failed }) => state === "running" && missing === undefined && !failed);
      process.exitCode = serving ? 0 : 1;
    });
}

function renderStatus(servers: readonly ServerStatus[]): string {
  const advice = (server: ServerStatus) =>
    server.state === "killed"
      ? `killed: ${server.fix ?? "`tenantry local up` starts it again"}`
      : server.missing !== undefined
        ? `running, does not serve: ${server.missing}`
        : server.state;
  const states = plainTable(
    ["server", "state", "port", "pid", "log"],
    servers.map((server) => [server.title, advice(server), String(server.port), String(server.pid ?? ""), server.log]),
  );
  return [states, ...servers.flatMap(({ failed = [] }) => failed.map(renderFailed))].join("\n\n");
}

function renderFailed({ connector, slot, runs, cause, event }: FailedConnector): string {
  const at = event === undefined ? [] : [`  at: ${event}`, "  see `tenantry events status`"];
  const state = runs ? "runs, and sends nothing" : "has failed";
  return [`Connector ${connector} of slot ${slot} ${state}: ${cause}`, ...at].join("\n");
}

function logsCommand(): Command {
  return onHome("logs", "Show the end of the servers' logs.")
    .argument("[server]", `one of ${serverNames.join(", ")}; all without it`, serverName)
    .addOption(new Option("-n, --lines <N>", "lines of each").argParser(wholeNumber(1, 100_000)).default(50))
    .option("-f, --follow", "go on showing what is written, until Ctrl-C")
    .action((server: ServerName | undefined, flags: LogFlags) =>
      showLogs(homeAt(flags.home), server, { lines: flags.lines, follow: flags.follow ?? false }, process.stdout),
    );
}

function resetCommand(): Command {
  return onHome("reset", "Stop the servers and delete their data, logs and passwords.")
    .option("--yes", "really delete")
    .option("--json", "print what was deleted as JSON")
    .action(async (flags: HomeOption & JsonOption & { readonly yes?: true }) => {
      const home = homeAt(flags.home);
      const deleted = await explained(() => reset(home, flags.yes ?? false, showProgress()));
      // The state of the stack `local` describes objects on the deleted servers.
      if (home.directory === defaultHome) forgetStack("local");
      print(flags.json ? JSON.stringify({ deleted }) : `Deleted: ${deleted.join(", ")}`);
    });
}

function onHome(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(
      new Option("--home <DIR>", "where the servers' data, logs and settings are")
        .env("TENANTRY_HOME")
        .default(defaultHome, ".tenantry/local of the project"),
    );
}

function port(server: string, description: string): Option {
  return new Option(`--${server}-port <PORT>`, `port ${description}; 0 takes any free one; it is remembered`)
    .env(`TENANTRY_${server.toUpperCase()}_PORT`)
    .argParser(wholeNumber(0, 65_000));
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function serverName(text: string): ServerName {
  const name = serverNames.find((each) => each === text);
  if (name) return name;
  throw new InvalidArgumentError(`Expected one of ${serverNames.join(", ")}.`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
