import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { Command } from "commander";
import { Problems } from "../common/problem";
import { parseDigest } from "./preview/digest";
import { renderMarkdown } from "./preview/markdown";
import { reportOf } from "./preview/report";

interface Flags {
  readonly stack?: string;
  readonly json?: true;
  readonly output?: string;
}

/** `tenantry preview-report` */
export function command(): Command {
  return new Command("preview-report")
    .description(
      "Turn a preview into a comment for a pull request: destructive changes first, then SQL, then the rest.",
    )
    .argument("[file]", "the output of `tenantry preview -s STACK --json`; default: standard input")
    .option("-s, --stack <STACK>", "the stack's name, for a preview that failed before it printed the name")
    .option("--json", "print everything as JSON, uncut")
    .option("-o, --output <FILE>", "write there instead of to standard output")
    .addHelpText("after", "\nEnds with 0 even if the preview failed.")
    .action(async (file: string | undefined, { stack, json, output }: Flags) => {
      const digest = parseDigest(await read(file), file ?? "standard input");
      const report = reportOf({ ...digest, stack: digest.stack ?? stack });
      const text = json ? `${JSON.stringify(report, undefined, 2)}\n` : renderMarkdown(report);
      if (output === undefined) process.stdout.write(text);
      else writeFileSync(resolve(output), text);
    });
}

async function read(file: string | undefined): Promise<string> {
  if (file === undefined) {
    if (process.stdin.isTTY) throw new Problems([nothingGiven]);
    return readAll(process.stdin);
  }
  try {
    return readFileSync(resolve(file), "utf8");
  } catch {
    throw new Problems([{ what: `The file \`${file}\` can't be read`, fix: "Name a file that is there" }]);
  }
}

const nothingGiven = {
  what: "There is no preview to report on",
  expected: "a file, or a preview on standard input",
  fix: "Run `tenantry preview -s STACK --json | tenantry preview-report`",
};
