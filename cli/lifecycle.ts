import { hostname, userInfo } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import type { TenantType } from "../architecture/application";
import { Problems } from "../common/problem";
import { plainTable } from "../common/table";
import { describePeriod, readAged, readAttached } from "../lifecycle/aged-partition";
import { agingTablesOf, eventSchemasOf } from "../lifecycle/aging-tables";
import { hold, readLegalHolds, release } from "../lifecycle/legal-hold";
import { LifecycleBusy } from "../lifecycle/lifecycle-lock";
import { planLifecycle } from "../lifecycle/lifecycle-plan";
import { runLifecycle } from "../lifecycle/lifecycle-run";
import { readTierSizes, tierChart } from "../lifecycle/tier-sizes";
import { tableId } from "../provider/postgres/live-tables";
import { failureText } from "./failure";
import { eraseCommand } from "./lifecycle/erase";
import { busyStatus, onStack, onTenant, print, type StackFlags, type TenantFlags, tell } from "./lifecycle/options";
import { requestsCommand } from "./lifecycle/requests";
import { collectStackClaims } from "./lifecycle/stack-claims";
import { storeOf } from "./lifecycle/stack-store";
import { type StackDatabase, withDatabases } from "./stack-databases";

interface TimedFlags extends StackFlags {
  readonly now?: Date;
}
interface StatusFlags extends StackFlags {
  readonly diagram?: true;
}
interface RunFlags extends TimedFlags {
  readonly yes?: true;
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
    .addCommand(
      onStack(
        "run",
        "Move old rows to the store, and delete what is past its retention. Finishes what was interrupted.",
      )
        .option(
          "--now <TIME>",
          "run as at another time than the server's; on another stack than `local` with --yes",
          time,
        )
        .option("--yes", "take --now on another stack than `local`")
        .addHelpText(
          "after",
          `\nEnds with 0 if all went well, with 1 if a table failed, and with ${busyStatus} if another run works already.`,
        )
        .action(runAll),
    )
    .addCommand(
      onStack("status", "Show what each tier holds, and how far each partition is.")
        .option("--diagram", "print the bytes of the tiers as a Mermaid chart")
        .action(status),
    )
    .addCommand(
      onTenant("hold", "Put a tenant under legal hold: nothing deletes its cold rows, and it can't be erased.")
        .requiredOption("--reason <TEXT>", "kept beside it")
        .action(holdTenant),
    )
    .addCommand(requestsCommand())
    .addCommand(onTenant("release", "End a tenant's legal hold.").action(releaseTenant))
    .addCommand(eraseCommand());
}

async function plan({ stack, json, now }: TimedFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases, settings) => {
    const moves = [];
    for (const each of databases) {
      for (const { partition, steps, reopen } of await movesOf(each, now)) {
        moves.push({
          database: each.declared.name,
          partition: describePeriod(partition),
          steps: reopen ? ["reopened"] : steps,
        });
      }
    }
    if (json) {
      print(JSON.stringify({ stack, hasStore: settings.store !== undefined, moves }, undefined, 2));
      return;
    }
    if (!settings.store) print(withoutStore);
    if (moves.length === 0) print("Nothing is old enough to move.");
    else
      print(
        plainTable(
          ["database", "partition", "steps"],
          moves.map(({ database, partition, steps }) => [database, partition, steps.join(", ")]),
        ),
      );
  });
}

const withoutStore =
  "The stack has no `tenantry:store`: rows stay in the database until `tiers.cold` ends, and are dropped then.";

async function movesOf({ database, declared }: StackDatabase, now: Date | undefined) {
  const read = database.query.bind(database);
  const [attached, aged, clock] = await Promise.all([
    readAttached(read),
    readAged(read),
    read<{ now: Date }>("SELECT least(now(), believed_at + interval '2 days') AS now FROM tenantry.partition_clock"),
  ]);
  const tables = declared.applications.flatMap(agingTablesOf);
  return planLifecycle(attached, aged, now ?? clock[0]?.now ?? new Date(0), tables.map(tableId));
}

async function runAll({ stack, json, now, yes }: RunFlags): Promise<void> {
  if (now && stack !== "local" && !yes) {
    throw new Problems([
      {
        what: `Nothing was done: \`${stack}\` is another stack than \`local\`, and --now moves its clock`,
        got: now.toISOString(),
        fix: "leave --now out, or add --yes if you mean it",
      },
    ]);
  }
  await withDatabases(stack, tell, async (databases, settings) => {
    const store = await storeOf(settings);
    const results = [];
    for (const { declared, endpoints } of databases) {
      const result = await runLifecycle({
        endpoint: endpoints.postgres,
        store,
        tables: declared.applications.flatMap(agingTablesOf),
        applications: declared.applications,
        eventSchemas: declared.applications.flatMap(eventSchemasOf),
        ...(now && { now }),
        log: tell,
      }).catch((error: unknown) => {
        if (!(error instanceof LifecycleBusy)) throw error;
        process.exitCode = busyStatus;
        return { done: [], failures: [{ what: declared.name, error }], processedEvents: 0 };
      });
      results.push({ database: declared.name, ...result });
    }
    const claims = await collectStackClaims(store, databases, settings);
    const failures = [...results.flatMap((each) => each.failures), ...claims.failures];
    if (failures.length > 0) process.exitCode ||= 1;
    if (json) {
      const shown = results.map((each) => ({
        ...each,
        failures: each.failures.map(({ what, error }) => ({ what, error: failureText(error) })),
      }));
      print(JSON.stringify({ stack, databases: shown, claims: claims.collected }, undefined, 2));
      return;
    }
    for (const { what, error } of failures) print(`${what}: ${failureText(error)}`);
    const steps = results.reduce((sum, { done }) => sum + done.length, 0);
    const pruned = results.reduce((sum, { processedEvents }) => sum + processedEvents, 0);
    print(`${steps} step(s) done, ${failures.length} failure(s), ${pruned} processed event(s) pruned`);
    print(
      `${claims.collected.deleted} object(s) of large payloads deleted, ${claims.collected.pruned} past their retention`,
    );
  });
}

async function status({ stack, json, diagram }: StatusFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases) => {
    const found = [];
    const tiers = [];
    for (const { database, declared } of databases) {
      const read = database.query.bind(database);
      for (const size of await readTierSizes(read)) tiers.push({ database: declared.name, ...size });
      for (const { step, rows, error, ...period } of await readAged(read)) {
        found.push({ database: declared.name, partition: describePeriod(period), step, rows, ...(error && { error }) });
      }
    }
    if (json) print(JSON.stringify({ stack, tiers, partitions: found }, undefined, 2));
    else if (diagram) print(tierChart(tiers));
    else {
      const sizes = tiers.map((each) => [
        each.database,
        each.table,
        each.tier,
        ...[each.partitions, each.rows, each.bytes].map(String),
      ]);
      print(plainTable(["database", "table", "tier", "partitions", "rows", "bytes"], sizes));
      const steps = found.map((row) => [row.database, row.partition, row.step, String(row.rows), row.error ?? ""]);
      if (steps.length > 0) print(`\n${plainTable(["database", "partition", "step", "rows", "error"], steps)}`);
    }
  });
}

async function holdTenant({ stack, tenant, reason }: TenantFlags & { readonly reason: string }): Promise<void> {
  await withDatabases(stack, tell, async (databases) => {
    const by = `${userInfo().username}@${hostname()}`;
    for (const { database, declared } of databases) {
      const type = tenantTypeOf(declared);
      await database.transaction((client) => hold(client, type, { tenant, reason, by }));
    }
    print(`${tenant} is under legal hold`);
  });
}

async function releaseTenant({ stack, tenant }: TenantFlags): Promise<void> {
  await withDatabases(stack, tell, async (databases) => {
    let released = false;
    for (const { database, declared } of databases) {
      const type = tenantTypeOf(declared);
      released = (await database.transaction((client) => release(client, type, tenant))) || released;
    }
    if (!released) {
      const held = await readLegalHolds(databases.map(({ database }) => database.query.bind(database)));
      throw new Problems([
        {
          what: "This tenant is under no legal hold",
          got: tenant,
          expected: held.length > 0 ? held.join(", ") : "no tenant is",
          fix: "correct the value",
        },
      ]);
    }
    print(`${tenant} is under no legal hold any more`);
  });
}

function tenantTypeOf({ applications }: StackDatabase["declared"]): TenantType {
  return applications[0]?.tenant.type ?? "uuid";
}

/** Reads a time with its zone. Without one it would mean another moment on each machine. */
function time(text: string): Date {
  const parsed = new Date(text);
  if (/(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(+parsed)) return parsed;
  throw new InvalidArgumentError("Write a time with its zone, such as 2026-01-01T00:00:00Z.");
}
