import type { Duration } from "../common/duration";
import type { Description } from "./description";

/** Values for everything that an application's description leaves out: fixed ones, or those of the stack's plan. */
export interface Defaults {
  /** Partitions of an aggregate's topic. @default 6 */
  readonly topicPartitions: number;
  /** How long a topic keeps an event. @default 7 days */
  readonly topicRetention: Duration;
  /** The time span of a table's partition. @default 1 month */
  readonly tableInterval: Duration;
  /** The time span of an outbox partition. @default 1 day */
  readonly outboxInterval: Duration;
}

export const standardDefaults: Defaults = {
  topicPartitions: 6,
  topicRetention: { count: 7, unit: "day" },
  tableInterval: { count: 1, unit: "month" },
  outboxInterval: { count: 1, unit: "day" },
};

/** The description with all values filled in. */
export type CompleteDescription = ReturnType<typeof complete>;
export type TableDescription = CompleteDescription["tables"][string];

/** Fills in missing values. Written values are kept. */
export function complete({ tables, events, ...rest }: Description, defaults: Defaults) {
  return {
    ...rest,
    tables: mapEntries(tables, ({ partition, ...table }) => ({
      ...table,
      ...(partition && { partition: { ...partition, every: partition.every ?? defaults.tableInterval } }),
    })),
    events: {
      ...events,
      aggregates: mapEntries(withColdRequests(tables, events.aggregates), ({ partitions, retention }) => ({
        partitions: partitions ?? defaults.topicPartitions,
        retention: retention ?? defaults.topicRetention,
      })),
    },
  };
}

/** The aggregate of the events about requests for cold rows. */
export const coldAggregate = "cold_request";

/** An application with events and a cold tier sends events about requests for cold rows, too. */
function withColdRequests(
  tables: Description["tables"],
  aggregates: Description["events"]["aggregates"],
): Description["events"]["aggregates"] {
  const isCold = Object.values(tables).some(({ tiers }) => tiers?.hot ?? tiers?.warm);
  if (!isCold || Object.keys(aggregates).length === 0) return aggregates;
  return { ...aggregates, [coldAggregate]: aggregates[coldAggregate] ?? {} };
}

function mapEntries<From, To>(entries: Readonly<Record<string, From>>, change: (from: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value)]));
}
