/**
 * What the formulas count with. Measured ones were measured on two noisy cores with Citus 13.2, PostgreSQL 17,
 * Kafka 4.3 and Debezium 3.6, the lower end of what was seen; assumed ones say so. `tenantry bench` measures your machine.
 */
export const capacity = {
  /** Measured: a transaction with a business row and its event, on one node: 827 a second on two cores. */
  writesPerCore: 400,
  /** Measured: set_tenant() and a query that names its tenant: 1,438 a second on two cores. */
  readsPerCore: 700,
  /** Measured: the one thread of a connector, in a worker just started; warm, it is twice to three times as fast. */
  eventsPerConnector: { exactlyOnce: 14_000, atLeastOnce: 25_000 },
  /** Assumed: one consumer's thread, each event in a transaction with processed_events. */
  eventsPerPartition: 300,
  /** Assumed: the busiest minute against the busy day's average. */
  peak: 3,
  /** Assumed: tuple header, two indexes and the room that dead rows leave, against the row alone. */
  rowOverhead: 2,
  /** Assumed: a compressed, columnar row against a hot one. */
  warmRatio: 1 / 3,
  /** Assumed: full-page images and index records, against the rows alone. */
  walOverhead: 2,
  /** Assumed: a transaction holds its server connection this long, network included. */
  secondsPerTransaction: 0.01,
  /** Assumed: what a broker takes in and replicates, a second. */
  bytesPerBroker: 50 * 2 ** 20,
  /** An event's key, headers and framing beside its payload. Measured: 183 B for headers alone. */
  eventOverhead: 256,
} as const;

/** Beyond these a node is slow to move, restore or replace, and the plan adds nodes instead. */
export const nodeLimit = { cores: 16, dataGiB: 4096, brokerStorageGiB: 4096 } as const;

/** The share of a node that its peak may use. */
export const utilisation = { lean: 0.7, balanced: 0.5, ample: 0.35 } as const;

export const gib = 2 ** 30;

/** Rounded up to an eighth of the next power of two: a volume's size, at least `least`. */
export function volume(gibibytes: number, least: number): number {
  const step = Math.max(1, powerOfTwo(gibibytes, least) / 8);
  return Math.max(least, Math.ceil(gibibytes / step) * step);
}

/** The next power of two, at least `least`. */
export function powerOfTwo(value: number, least: number): number {
  let power = least;
  while (power < value) power *= 2;
  return power;
}
