import { z } from "zod";
import { formatNumber } from "./format-number";
import { formatValue, type Planned, type PlanValues, type Value, type ValueName } from "./planned";
import { toNumber } from "./workload";

const interval = z.enum(["1 hour", "1 day", "1 week", "1 month"], "1 hour, 1 day, 1 week or 1 month");

/** `tenantry:plan` of a stack file: values that the team sets itself. */
export const overridesSchema = z
  .strictObject(
    {
      model: z.enum(["shared", "schema", "silo"], "shared, schema or silo"),
      databases: count(1),
      isolatedTenants: count(0),
      shardCount: count(1),
      workers: count(0),
      workerCores: count(1),
      workerMemory: count(1),
      workerStorage: count(1),
      coordinatorCores: count(1),
      coordinatorMemory: count(1),
      coordinatorStorage: count(1),
      replicas: count(1),
      synchronousMode: z.enum(["off", "on", "strict"], "off, on or strict"),
      maxWalSize: count(1),
      maxSlotWalKeepSize: count(1),
      pooling: z.enum(["transaction", "session"], "transaction or session"),
      poolSize: count(1),
      maxConnections: count(10),
      delivery: z.enum(["exactly-once", "at-least-once"], "exactly-once or at-least-once"),
      connectors: count(1),
      connectWorkers: count(1),
      brokers: count(1),
      brokerStorage: count(1),
      replicationFactor: count(1),
      minInsyncReplicas: count(1),
      partitionsPerTopic: count(1),
      eventRetention: count(1),
      outboxInterval: interval,
      dataInterval: interval,
    } satisfies Record<ValueName, z.ZodType>,
    "an object such as `{ workers: 5 }`",
  )
  .partial();

export type Overrides = { readonly [Name in ValueName]?: PlanValues[Name] | undefined };

/** A value that the planner computed, and the cost of overriding it. */
interface Decision<T extends Value> extends Omit<Planned<T>, "overridden"> {
  /** The cost of a smaller or another value, for the sentence "5 instead of 8 workers: …". */
  readonly less: string | ((value: T) => string);
  /** The cost of a larger value. @default only money */
  readonly more?: string;
}

/** Returns the planned value, or the stack's override. Values that are decided later use the result. */
export type Decide = <Name extends ValueName>(
  name: Name,
  decision: Decision<PlanValues[Name]>,
) => Planned<PlanValues[Name]>;

export function decideWith(overrides: Overrides): Decide {
  return (name, { less, more = "only money", ...planned }) => {
    const value = overrides[name];
    if (value === undefined || value === planned.value) return planned;
    const rises = typeof value === "number" && typeof planned.value === "number" && value > planned.value;
    const consequence = rises ? more : typeof less === "string" ? less : less(value);
    const cost = `${formatValue({ ...planned, value })} instead of ${formatValue(planned)}${part(value, planned.value)}: ${consequence}`;
    return { ...planned, value, overridden: { planned: planned.value, cost } };
  };
}

function part(value: Value, planned: Value): string {
  if (typeof value !== "number" || typeof planned !== "number" || planned === 0) return "";
  const percent = Math.round((value / planned - 1) * 100);
  return percent > 1000 ? "" : ` (${percent > 0 ? "+" : ""}${formatNumber(percent)} %)`;
}

function count(least: number) {
  const expected = `a whole number from ${least} to 10000000`;
  return z.preprocess(toNumber, z.int(expected).min(least, expected).max(10_000_000, expected));
}
