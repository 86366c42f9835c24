import { Command, InvalidArgumentError } from "commander";
import { describePeriod, readAged, readAttached } from "../lifecycle/aged-partition";
import { planLifecycle } from "../lifecycle/lifecycle-plan";
import { tableId } from "../provider/postgres/live-tables";
import { type StackDatabase, withDatabases } from "./stack-databases";
import { table } from "./table";

export interface LifecycleFlags {
  readonly stack: string;
  readonly json?: true;
  readonly now?: Date;
}

/** `tenantry lifecycle …` */
export function command(): Command {
  return new Command("lifecycle")
    .description("The tiers of old rows: what moves to the store, what is there, and what is deleted.")
    .addCommand(
      onStack("plan", "Show what a run would do now.")
        .option("--now <TIME>", "plan for another time than the server's", time)
        .action(plan),
    )
    .addCommand(onStack("status", "Show which rows are in which tier.").action(status));
}

function onStack(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption("-s, --stack <STACK>", "the stack in stacks/Pulumi.STACK.yaml")
    .option("--json", "print it as JSON");
}

async function plan({ stack, json, now }: LifecycleFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases) => {
    const moves = [];
    for (const each of databases) {
      for (const { partition, steps } of await movesOf(each, now)) {
        moves.push({ database: each.declared.name, partition: describePeriod(partition), steps });
      }
    }
    if (json) print(JSON.stringify({ stack, moves }, undefined, 2));
    else if (moves.length === 0) print("Nothing is old enough to move.");
    else
      print(
        table(
          ["database", "partition", "steps"],
          moves.map(({ steps, ...row }) => [...Object.values(row), steps.join(", ")]),
        ),
      );
  });
}

async function movesOf({ database, declared }: StackDatabase, now: Date | undefined) {
  const read = database.query.bind(database);
  const [attached, aged, clock] = await Promise.all([
    readAttached(read),
    readAged(read),
    read<{ now: Date }>("SELECT least(now(), believed_at + interval '2 days') AS now FROM tenantry.partition_clock"),
  ]);
  const parentsFirst = declared.applications.flatMap(({ schema, tables }) =>
    tables.map(({ name }) => tableId({ schema, table: name })),
  );
  return planLifecycle(attached, aged, now ?? clock[0]?.now ?? new Date(0), parentsFirst);
}

async function status({ stack, json }: LifecycleFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases) => {
    const found = [];
    for (const { database, declared } of databases) {
      for (const { step, rows, error, ...period } of await readAged(database.query.bind(database))) {
        found.push({ database: declared.name, partition: describePeriod(period), step, rows, ...(error && { error }) });
      }
    }
    if (json) print(JSON.stringify({ stack, partitions: found }, undefined, 2));
    else
      print(
        table(
          ["database", "partition", "step", "rows", "error"],
          found.map((row) => [row.database, row.partition, row.step, String(row.rows), row.error ?? ""]),
        ),
      );
  });
}

/** Reads a time with its zone. Without one it would mean another moment on each machine. */
function time(text: string): Date {
  const parsed = new Date(text);
  if (/(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(+parsed)) return parsed;
  throw new InvalidArgumentError("Write a time with its zone, such as 2026-01-01T00:00:00Z.");
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
