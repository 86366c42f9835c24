import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { endpointsOf } from "../architecture/data-plane/application-databases";
import type { Endpoints } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { framedTable } from "../common/table";
import type { Settings } from "../settings/settings";
import { loadSettings } from "../settings/stack-file";
import { type DemoProgress, type DemoSummary, demoOf } from "./application-demo";
import { revealSecret } from "./reveal-secret";
import { serversOf } from "./stack-servers";
import { wholeNumber } from "./whole-number";

interface DemoFlags {
  readonly stack: string;
  readonly seconds: number;
  readonly tenants: number;
  readonly rate: number;
  readonly json?: true;
  readonly yes?: true;
}

/** `tenantry demo` */
export function command(): Command {
  return new Command("demo")
    .description(
      "Run shops with orders and payments, watch the events come, and compare what was written with what arrived.",
    )
    .option("-s, --stack <STACK>", "the stack in stacks/Pulumi.STACK.yaml", "local")
    .option("--seconds <N>", "duration of the traffic", wholeNumber(1, 86_400), 30)
    .option("--tenants <N>", "number of shops", wholeNumber(1, 1_000), 5)
    .option("--rate <N>", "transactions per second, over all shops", wholeNumber(1, 10_000), 50)
    .option("--yes", "allow another stack than `local`; the orders stay in its database")
    .option("--json", "print the summary as JSON, and nothing else")
    .action(async (flags: DemoFlags) => {
      process.exitCode = (await run(flags)) ? 0 : 1;
    });
}

/** Runs the demo. Returns false if an event or an order is missing or wrong. */
async function run({ stack, seconds, tenants, rate, json, yes }: DemoFlags): Promise<boolean> {
  const settings = await loadSettings(stack, revealSecret(stack));
  refuse(stack, settings, yes ?? false);
  const demo = demoOf(settings.application);
  const { endpoints } = await serversOf(stack, settings);
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const onProgress = json ? () => {} : process.stdout.isTTY ? liveDisplay(stack, seconds) : lines();
  const summary = await demo({
    ...{ endpoints, seconds, rate, onProgress, ...whereabouts(settings, endpoints, tenants) },
    signal: interrupted.signal,
  });
  const ok = isComplete(summary);
  process.stdout.write(`${json ? JSON.stringify({ stack, ok, ...summary }, undefined, 2) : renderSummary(summary)}\n`);
  return ok;
}

/** The tenants for the demo: new ones in the model `shared`; otherwise the first tenants of the stack, each with its own endpoints. */
export function whereabouts({ application, tenancy }: Settings, endpoints: Endpoints, count: number) {
  if (!tenancy) return { tenants: Array.from({ length: count }, () => randomUUID()), reach: () => endpoints };
  const reached = new Map(
    tenancy.tenants.map((tenant) => {
      const part = tenancy.model === "silo" ? { model: tenancy.model, tenant } : undefined;
      const own = part ?? { model: "schema" as const, tenant, sharedSchema: application };
      return [tenant.id, endpointsOf({ scope: own }, endpoints)] as const;
    }),
  );
  return { tenants: [...reached.keys()].slice(0, count), reach: (tenant: string) => reached.get(tenant) };
}

/** @throws Problems for a stack without tenants, and for a stack other than `local` without `yes` */
export function refuse(stack: string, { tenancy }: Settings, yes: boolean): void {
  if (tenancy && tenancy.tenants.length === 0) {
    throw new Problems([
      {
        what: "The demo has no shop to open: this stack gives each tenant its own schema or database, and lists no tenant",
        got: `the model \`${tenancy.model}\`, \`tenantry:tenants: []\``,
        fix: "add tenants to `tenantry:tenants` and run `tenantry up`",
      },
    ]);
  }
  if (stack !== "local" && !yes) {
    throw new Problems([
      {
        what: `The demo writes orders ${tenancy ? "of its tenants" : "of new tenants"} into the stack \`${stack}\`, and they stay`,
        fix: "add --yes if you mean it",
      },
    ]);
  }
}

export function isComplete({ events, summaries, parked }: DemoSummary): boolean {
  const wrong = events.missing + events.twice + summaries.missing + summaries.wrongStatus + parked;
  return wrong === 0 && events.written > 0;
}

/** Turns counts into rates per second since the last call. */
function rates() {
  let last: { readonly at: number; readonly progress: DemoProgress } | undefined;
  return (progress: DemoProgress) => {
    const at = Date.now();
    const perSecond = (of: (progress: DemoProgress) => number) =>
      last ? Math.round(((of(progress) - of(last.progress)) * 1_000) / Math.max(1, at - last.at)) : 0;
    const result = {
      transactions: perSecond(({ transactions }) => transactions),
      events: perSecond(({ events }) => events),
      projected: perSecond(({ projected }) => projected),
    };
    last = { at, progress };
    return result;
  };
}

/** Shows the progress in five lines that it overwrites. */
function liveDisplay(stack: string, seconds: number): (progress: DemoProgress) => void {
  const rate = rates();
  let drawn = 0;
  return (progress) => {
    const per = rate(progress);
    const elapsed = Math.floor(progress.elapsedMs / 1_000);
    const row = (name: string, count: number, perSecond: number, more = "") =>
      `  ${name.padEnd(16)}${count.toLocaleString("en").padStart(10)}${`${perSecond}/s`.padStart(10)}   ${more}`;
    const text = [
      `demo on ${stack}: ${progress.phase}${progress.phase === "running" ? `, ${elapsed} of ${seconds} s` : ""}`,
      row(
        "transactions",
        progress.transactions,
        per.transactions,
        progress.errors > 0 ? `${progress.errors} errors` : "",
      ),
      row("events on Kafka", progress.events, per.events, latencyText(progress.latency)),
      row("read model", progress.projected, per.projected),
      `  on the way: ${backlog(progress)}`,
    ];
    process.stdout.write(`${drawn > 0 ? `\u001b[${drawn}A` : ""}${text.map((line) => `\u001b[2K${line}\n`).join("")}`);
    drawn = text.length;
  };
}

/** Shows the progress in a new line every five seconds. */
function lines(): (progress: DemoProgress) => void {
  const rate = rates();
  let next = 0;
  return (progress) => {
    if (Date.now() < next) return;
    next = Date.now() + 5_000;
    const per = rate(progress);
    const { transactions, events, projected, errors, phase } = progress;
    process.stdout.write(
      `${phase}: ${transactions} transactions (${per.transactions}/s), ${events} events on Kafka (${per.events}/s), ` +
        `${projected} in the read model (${per.projected}/s), ${backlog(progress)}, ${errors} errors\n`,
    );
  };
}

function backlog({ transactions, events, projected, slotLagBytes }: DemoProgress): string {
  const [toKafka, toModel] = [Math.max(0, transactions - events), Math.max(0, events - projected)];
  return `${toKafka} to Kafka, ${toModel} to the read model, slot ${(slotLagBytes / 1_024).toFixed(0)} KiB behind`;
}

function latencyText(latency: DemoSummary["latency"]): string {
  return latency ? `commit to consumer: p50 ${latency.p50} ms, p99 ${latency.p99} ms` : "";
}

export function renderSummary(summary: DemoSummary): string {
  const { orders, payments, events, summaries, transactionsPerSecond, latency, parked, errors, tenants } = summary;
  const table = framedTable();
  table.push(
    [
      "written",
      `${orders} orders, ${payments} payments of ${tenants.length} tenants, ${transactionsPerSecond} transactions/s`,
    ],
    ["on Kafka", `${events.seen} of ${events.written} events, ${events.missing} missing, ${events.twice} twice`],
    ["latency", latencyText(latency) || "nothing was seen"],
    [
      "read model",
      `${summaries.projected} of ${orders} orders, ${summaries.missing} missing, ${summaries.wrongStatus} with a wrong status`,
    ],
    ["parked", String(parked)],
    [
      "errors",
      Object.entries(errors)
        .map(([message, count]) => `${count} × ${message}`)
        .join("\n") || "none",
    ],
  );
  const verdict = isComplete(summary)
    ? "Every order and payment that committed is on Kafka once and in the read model."
    : "Something is missing or wrong: `tenantry verify` says where to look.";
  return `${table.toString()}\n${verdict}`;
}
