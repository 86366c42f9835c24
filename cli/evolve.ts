import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { loadApplication } from "../architecture/application-loader";
import { type Phase, phaseNumber, phases } from "../architecture/changes/phase";
import type { SchemaChange } from "../architecture/changes/schema-change";
import type { SchemaChangeInputs } from "../architecture/data-plane/declaration";
import { declareSchemaChange } from "../architecture/data-plane/schema-change-declaration";
import { Steps } from "../architecture/data-plane/steps";
import { Problems } from "../common/problem";
import { suggest } from "../common/suggestion";
import { projectRoot } from "../common/system/project";
import { plainTable } from "../common/table";
import { countDisagreements } from "../provider/evolution/agreement";
import { readRecord } from "../provider/evolution/change-record";
import type { Context } from "../provider/protocol/resource-context";
import { loadSettings } from "../settings/stack-file";
import { writePhase } from "./evolve/changed-stack-file";
import { draft } from "./evolve/draft";
import { revealSecret } from "./reveal-secret";
import { type StackDatabase, withDatabases } from "./stack-databases";

interface Flags {
  readonly stack: string;
  readonly json?: true;
}

/** `tenantry evolve …` */
export function command(): Command {
  return new Command("evolve")
    .description("Changes of columns in phases, while old and new releases of the application run.")
    .addCommand(onStack("status", "Show the phase of every schema change, and its next step.").action(status))
    .addCommand(onChange("start", "Write the phase `expand` into the stack file.").action(start))
    .addCommand(onChange("next", "Write the next phase into the stack file.").action(next))
    .addCommand(onChange("back", "Write the phase before into the stack file.").action(back))
    .addCommand(
      onChange("verify", "Count the rows in which old and new columns disagree. Ends with 1 if there are any.").action(
        verify,
      ),
    )
    .addCommand(
      new Command("draft")
        .description("Write a schema change for a SQL file that renames, drops or retypes columns directly.")
        .argument("<FILE>", "the SQL file")
        .option("--print", "print it, and write no file")
        .action(draft),
    )
    .addHelpText("after", help);
}

const help = `
The phases: ${phases.join(" -> ")}. Each begins with the next \`tenantry up\`, and each but contract goes back.
expand adds the new columns; dual-write keeps both sides equal, and the new release may write; backfill fills the rows that
exist; switch-reads compares all rows, and the new release may read; contract drops the old columns.`;

function onStack(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption("-s, --stack <STACK>", "the stack in stacks/Pulumi.STACK.yaml")
    .option("--json", "print it as JSON");
}

function onChange(name: string, description: string): Command {
  return onStack(name, description).argument("<CHANGE>", "the file's name in sql/APPLICATION/changes, without .yaml");
}

interface ChangeStatus {
  readonly change: string;
  readonly table: string;
  /** Phase in the stack file. */
  readonly wanted: Phase | "not begun";
  readonly databases: readonly {
    readonly database: string;
    readonly phase: Phase | "not begun";
    readonly since?: Date;
    /** Rows that the backfill has filled so far. */
    readonly filled?: number;
  }[];
}

async function status({ stack, json }: Flags): Promise<void> {
  const { changes, wanted } = await changesOf(stack);
  const found: ChangeStatus[] = [];
  await withDatabases(stack, tell, async (databases) => {
    for (const change of changes) found.push(await statusOf(change, wanted[change.name], databases));
  });
  if (json) return print(JSON.stringify({ stack, changes: found }, undefined, 2));
  if (found.length === 0) return print("There is no schema change: sql/APPLICATION/changes has no file.");
  const rows = found.flatMap(({ change, table, wanted, databases }) =>
    databases.map(({ database, phase, since, filled }) => [
      change,
      table,
      database,
      phase,
      since?.toISOString() ?? "",
      filled === undefined ? "" : String(filled),
      nextStep(wanted, phase),
    ]),
  );
  print(plainTable(["change", "table", "database", "phase", "since", "rows filled", "next"], rows));
}

async function statusOf(
  change: SchemaChange,
  wanted: Phase | undefined,
  databases: readonly StackDatabase[],
): Promise<ChangeStatus> {
  const states: ChangeStatus["databases"][number][] = [];
  for (const each of databases) {
    for (const inputs of inputsOf(each, change)) {
      const record = await readRecord(each.database.query.bind(each.database), inputs);
      states.push({
        database: each.declared.name,
        phase: record?.phase ?? "not begun",
        ...(record && { since: record.since }),
        ...(record?.backfilled && { filled: record.backfilled.rows }),
      });
    }
  }
  return { change: change.name, table: change.table, wanted: wanted ?? "not begun", databases: states };
}

function nextStep(wanted: Phase | "not begun", phase: Phase | "not begun"): string {
  if (wanted !== phase) return `tenantry up takes it to ${wanted}`;
  if (phase === "contract") return "it has ended";
  return phase === "not begun" ? "tenantry evolve start" : `tenantry evolve next: ${phases[phaseNumber(phase)]}`;
}

/** The inputs of the change for each application of a database whose tables it changes. */
function inputsOf({ declared }: StackDatabase, change: SchemaChange): readonly SchemaChangeInputs[] {
  return declared.applications.flatMap((application) => {
    const steps = new Steps(application.scope);
    declareSchemaChange(steps, application, change, "expand");
    return steps.declarations.flatMap(({ noun, inputs }) => (noun === "SchemaChange" ? [inputs] : []));
  });
}

async function verify(name: string, { stack, json }: Flags): Promise<void> {
  const { changes } = await changesOf(stack);
  const change = require(changes, name);
  const found: { readonly database: string; readonly rows: number; readonly example?: string }[] = [];
  await withDatabases(stack, tell, async (databases) => {
    for (const each of databases) {
      const context = contextOf(each);
      for (const inputs of inputsOf(each, change)) {
        const record = await readRecord(each.database.query.bind(each.database), inputs);
        if (!record || record.phase === "contract") throw new Problems([nothingToCompare(name, record?.phase)]);
        found.push({ database: each.declared.name, ...(await countDisagreements(context, inputs)) });
      }
    }
  });
  const rows = found.reduce((sum, each) => sum + each.rows, 0);
  process.exitCode = rows > 0 ? 1 : 0;
  if (json) return print(JSON.stringify({ stack, change: name, databases: found }, undefined, 2));
  print(
    rows === 0
      ? "The old and the new columns agree in every row."
      : plainTable(
          ["database", "rows that disagree", "for example"],
          found.map((each) => [each.database, String(each.rows), each.example ?? ""]),
        ),
  );
}

function contextOf({ database }: StackDatabase): Context {
  const { signal } = new AbortController();
  return { database, connect: {} as Context["connect"], allow: new Set(), log: tell, warn: tell, signal };
}

const start = (name: string, flags: Flags) =>
  step(name, flags, (phase) => {
    if (phase !== undefined) throw new Problems([begun(name, phase)]);
    return phases[0];
  });

const next = (name: string, flags: Flags) =>
  step(name, flags, (phase) => {
    if (phase === undefined) throw new Problems([notBegun(name)]);
    if (phase === "contract") throw new Problems([ended(name)]);
    return phases[phaseNumber(phase)];
  });

const back = (name: string, flags: Flags) =>
  step(name, flags, (phase) => {
    if (phase === undefined) throw new Problems([notBegun(name)]);
    if (phase === "contract") throw new Problems([ended(name)]);
    return phases[phaseNumber(phase) - 2];
  });

/** Writes another phase of the change into the stack file. Nothing else in the file changes. */
async function step(
  name: string,
  { stack, json }: Flags,
  move: (phase: Phase | undefined) => Phase | undefined,
): Promise<void> {
  const { changes, wanted } = await changesOf(stack);
  require(changes, name);
  const from = wanted[name];
  const to = move(from);
  const file = `stacks/Pulumi.${stack}.yaml`;
  const path = join(projectRoot, file);
  writeFileSync(path, writePhase(readFileSync(path, "utf8"), name, to));
  if (json) return print(JSON.stringify({ stack, change: name, from, to }, undefined, 2));
  print(`${file}: ${name}: ${from ?? "not begun"} -> ${to ?? "not begun"}
See it with \`tenantry preview -s ${stack}\`, then apply it with \`tenantry up -s ${stack}\`.`);
}

async function changesOf(stack: string) {
  const settings = await loadSettings(stack, revealSecret(stack));
  const { application } = await loadApplication(join(projectRoot, "sql", settings.application), settings.defaults);
  return { changes: application.changes ?? [], wanted: settings.changes ?? {} };
}

function require(changes: readonly SchemaChange[], name: string): SchemaChange {
  const found = changes.find((change) => change.name === name);
  if (found) return found;
  const names = changes.map((change) => change.name);
  const meant = suggest(name, names);
  throw new Problems([
    {
      what: "There is no such schema change",
      got: name,
      expected: names.join(", ") || "a file in sql/APPLICATION/changes",
      fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Name one of these, or write the file first",
    },
  ]);
}

function begun(name: string, phase: Phase) {
  return {
    what: `The schema change ${name} has begun`,
    got: `phase ${phase}`,
    fix: `Use \`tenantry evolve next ${name}\``,
  };
}

function notBegun(name: string) {
  return { what: `The schema change ${name} has not begun`, fix: `Use \`tenantry evolve start ${name}\`` };
}

function ended(name: string) {
  return {
    what: `The schema change ${name} has ended: its old columns are dropped`,
    fix: "Write a new schema change",
  };
}

function nothingToCompare(name: string, phase: Phase | undefined) {
  return {
    what: `The schema change ${name} has nothing to compare`,
    got: phase === undefined ? "it has not begun" : "it has ended",
    expected: "a phase from expand to switch-reads",
    fix: "Run `tenantry evolve status`",
  };
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
