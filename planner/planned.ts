import type { Duration } from "../common/duration";
import { formatNumber } from "./format-number";
import type { Rates } from "./rates";

/** A value of the plan: a number with a unit, or a word. */
export type Value = number | string;

/** One decision of the plan, with everything needed to check it by hand. */
export interface Planned<T extends Value = Value> {
  readonly value: T;
  /** `cores`, `GiB`, `tenants`; empty for words. */
  readonly unit: string;
  /** The reason for the value, as a sentence. */
  readonly reason: string;
  /** The formula of the value, in the names of `inputs`. */
  readonly formula: string;
  readonly inputs: Readonly<Record<string, Value>>;
  /** Present if the stack overrides the value. */
  readonly overridden?: { readonly planned: T; readonly cost: string };
}

/** Everything that the planner decides. */
export interface PlanValues {
  /** How tenants share the database. */
  readonly model: "shared" | "schema" | "silo";
  /** Database clusters; in a silo, each tenant has one. */
  readonly databases: number;
  /** Tenants that should have a shard of their own. */
  readonly isolatedTenants: number;
  readonly shardCount: number;
  /** Nodes of one database cluster that hold shards, beside the coordinator. */
  readonly workers: number;
  readonly workerCores: number;
  readonly workerMemory: number;
  readonly workerStorage: number;
  readonly coordinatorCores: number;
  readonly coordinatorMemory: number;
  readonly coordinatorStorage: number;
  /** Pods for each node, including the primary. */
  readonly replicas: number;
  readonly synchronousMode: "off" | "on" | "strict";
  readonly maxWalSize: number;
  readonly maxSlotWalKeepSize: number;
  readonly pooling: "transaction" | "session";
  readonly poolSize: number;
  readonly maxConnections: number;
  readonly delivery: "exactly-once" | "at-least-once";
  readonly connectors: number;
  readonly connectWorkers: number;
  readonly brokers: number;
  readonly brokerStorage: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly partitionsPerTopic: number;
  readonly eventRetention: number;
  readonly outboxInterval: Interval;
  readonly dataInterval: Interval;
}

export type Interval = "1 hour" | "1 day" | "1 week" | "1 month";
export type ValueName = keyof PlanValues;
export type PlannedValues = { readonly [Name in ValueName]: Planned<PlanValues[Name]> };

/** The rows of one tier: how many, how large, and what their storage costs. */
export interface PlannedTier {
  readonly name: "hot" | "warm" | "cold";
  /** A row's age when it enters the tier. */
  readonly from?: Duration;
  /** A row's age when it leaves the tier. */
  readonly until: Duration;
  readonly rows: number;
  /** One copy of the rows. */
  readonly gibibytes: number;
  /** Copies that are paid for. The price of a store contains its own. */
  readonly copies: number;
  readonly dollarsAMonth: number;
  readonly reason: string;
  /** The formula of `gibibytes`, in the names of `inputs`. */
  readonly formula: string;
  readonly inputs: Readonly<Record<string, Value>>;
}

export interface Plan {
  readonly values: PlannedValues;
  /** The rows of each tier, and what their storage costs. */
  readonly tiers: readonly PlannedTier[];
  /** Facts that the team should know and no value shows. */
  readonly warnings: readonly string[];
  /** The rates that the sizes were computed with. */
  readonly rates: Rates;
}

/** The value with its unit: `16 GiB`, `shared`. */
export function formatValue({ value, unit }: Pick<Planned, "value" | "unit">): string {
  const shown = typeof value === "number" ? formatNumber(value) : value;
  return unit === ""
    ? shown
    : `${shown} ${value === 1 ? unit.replace("copies", "copy").replace(/^([a-z]+)s\b/, "$1") : unit}`;
}
