import { Command, type CommanderError, Option } from "commander";
import { loadSqlParser } from "../architecture/sql/sql-parser";
import { Problems, renderProblem } from "../common/problem";
import { lint } from "../lint/lint";
import type { OnFault } from "../lint/lint-fault";
import { type Format, formats, renderFindings } from "../lint/lint-format";
import { readTargets } from "../lint/lint-paths";
import { type Linted, unreadable } from "../lint/linted";
import { loadTypeScript } from "../lint/typescript/typescript";
import { failureText } from "./failure";

interface Flags {
  readonly format: Format;
}

/** `tenantry lint [PATHS] [--format FORMAT]`. Exit codes: 0 without findings, 1 with findings, 2 for wrong usage, 3 if lint itself failed. */
export function command(): Command {
  return new Command("lint")
    .description(
      "Look for what harms a running system in SQL, descriptions, TypeScript, connectors and stacks. Asks no server.",
    )
    .argument("[PATHS...]", "files and folders; without, every application in sql/ and every stack")
    .addOption(new Option("--format <FORMAT>", "the format of the output").choices(formats).default("text"))
    .exitOverride((error: CommanderError) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    })
    .action(async (paths: readonly string[], { format }: Flags) => {
      process.exitCode = await run(paths, format);
    });
}

/** Prints the findings; returns the exit code. */
export async function run(
  paths: readonly string[],
  format: Format,
  print: (text: string) => void = (text) => process.stdout.write(text),
  from: string = process.cwd(),
): Promise<0 | 1 | 2 | 3> {
  try {
    const faults: string[] = [];
    const findings = await findIn(paths, from, (path, error) => faults.push(`${path}: ${failureText(error)}`));
    print(renderFindings(findings, format));
    if (faults.length > 0) console.error(`tenantry failed itself over these:\n${faults.join("\n")}`);
    return faults.length > 0 ? 3 : findings.length > 0 ? 1 : 0;
  } catch (error) {
    console.error(failureText(error));
    return error instanceof Problems ? 2 : 3;
  }
}

async function findIn(paths: readonly string[], from: string, onFault: OnFault): Promise<Linted[]> {
  const { inputs, configuration, notes, unread } = readTargets(paths, from);
  for (const note of notes) console.error(`${renderProblem(note)}\n`);
  await loadSqlParser();
  if (inputs.some(({ code }) => code)) await loadTypeScript();
  const found = inputs.flatMap((input) => lint(input, configuration.rules, onFault));
  return [...unread.flatMap((problem) => unreadable(problem, { path: problem.at?.file ?? "" })), ...found];
}
