import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Endpoints } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { listNames } from "../common/suggestion";
import { projectRoot } from "../common/system/project";

/** Generates an application's traffic and compares it with the events. `examples/APPLICATION/demo` (TypeScript if Node can load it) exports it as `demo`. */
export type Demo = (options: DemoOptions) => Promise<DemoSummary>;

export interface DemoOptions {
  readonly endpoints: Endpoints;
  readonly seconds: number;
  /** The ids of the tenants whose shops are opened. */
  readonly tenants: readonly string[];
  /** Returns the endpoints of a tenant's database; undefined for a tenant that the stack does not list. */
  reach(tenant: string): Endpoints | undefined;
  /** Transactions per second, over all tenants. */
  readonly rate: number;
  /** Called twice a second with the progress. */
  onProgress(progress: DemoProgress): void;
  /** Ends the traffic early. */
  readonly signal: AbortSignal;
}

/** The progress of a demo. It counts only this run's events. */
export interface DemoProgress {
  readonly phase: "starting" | "running" | "catching up";
  readonly elapsedMs: number;
  readonly transactions: number;
  /** Events that have arrived on Kafka. */
  readonly events: number;
  readonly projected: number;
  /** The latency of the last events, from commit to a consumer. Undefined before the first event. */
  readonly latency: { readonly p50: number; readonly p99: number } | undefined;
  /** Bytes of WAL that the outbox's slots have not confirmed. */
  readonly slotLagBytes: number;
  readonly errors: number;
}

export interface DemoSummary {
  readonly tenants: readonly string[];
  /** The rate while all shops ran, without the start and the catching up. */
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

/** @throws Problems for an application without a demo */
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
