import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Endpoints } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { listNames } from "../common/suggestion";
import { projectRoot } from "../common/system/project";

/** Traffic of an application, made up and compared: `examples/APPLICATION/demo` exports one as `demo`, as TypeScript where Node can load that. */
export type Demo = (options: DemoOptions) => Promise<DemoSummary>;

export interface DemoOptions {
  readonly endpoints: Endpoints;
  readonly seconds: number;
  /** Whose shops are opened, by id. */
  readonly tenants: readonly string[];
  /** Where a tenant's data is reached; undefined for a tenant that the stack does not list. */
  reach(tenant: string): Endpoints | undefined;
  /** Transactions a second, over all tenants. */
  readonly rate: number;
  /** Told twice a second how it goes. */
  onProgress(progress: DemoProgress): void;
  /** Ends the traffic early. */
  readonly signal: AbortSignal;
}

/** All counts are of this run's events. */
export interface DemoProgress {
  readonly phase: "starting" | "running" | "catching up";
  readonly elapsedMs: number;
  readonly transactions: number;
  /** On Kafka. */
  readonly events: number;
  readonly projected: number;
  /** From commit to a consumer, of the last events. Undefined before the first one. */
  readonly latency: { readonly p50: number; readonly p99: number } | undefined;
  /** WAL that the outbox's slots have not confirmed. */
  readonly slotLagBytes: number;
  readonly errors: number;
}

export interface DemoSummary {
  readonly tenants: readonly string[];
  /** While all was running, without the start and catching up. */
  readonly transactionsPerSecond: number;
  readonly orders: number;
  readonly payments: number;
  readonly events: {
    readonly written: number;
    readonly seen: number;
    readonly missing: number;
    readonly twice: number;
  };
  readonly summaries: { readonly projected: number; readonly missing: number; readonly wrongStatus: number };
  readonly latency: DemoProgress["latency"];
  readonly parked: number;
  readonly errors: Readonly<Record<string, number>>;
}

const examples = join(projectRoot, "examples");

/** @throws Problems with an application that has no demo */
export function demoOf(application: string): Demo {
  if (!hasDemo(application)) throw new Problems([noDemo(application)]);
  return (require(join(examples, application, "demo")) as { readonly demo: Demo }).demo;
}

function hasDemo(application: string): boolean {
  const path = join(examples, application, "demo");
  return Object.keys(require.extensions).some((extension) => existsSync(path + extension));
}

function noDemo(application: string) {
  const known = existsSync(examples) ? readdirSync(examples).filter(hasDemo) : [];
  return {
    what: `The application \`${application}\` has no demo`,
    expected: `a stack of ${listNames(known)}, or a module examples/${application}/demo`,
    fix: "Choose such a stack with -s",
  };
}
