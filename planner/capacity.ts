/** Beside the rates (`rates.ts`), what the formulas count with. Measured ones say so, the others are assumed. */
export const capacity = {
  /** One consumer's thread, each event in a transaction with processed_events. */
  eventsPerPartition: 300,
  /** The busiest minute against the busy day's average. */
  peak: 3,
  /** Tuple header, two indexes and the room that dead rows leave, against the row alone. */
  rowOverhead: 2,
  /** A compressed, columnar row against a hot one. */
  warmRatio: 1 / 3,
  /** Rows so young, in seconds, are read again and again with their indexes, and of all hot ones this share. */
  cachedSeconds: 86_400,
  cachedShare: 0.02,
  /** Full-page images and index records, against the rows alone. */
  walOverhead: 2,
  /** A transaction holds its server connection this long, network included. */
  secondsPerTransaction: 0.01,
  /** Memory of a server connection, in MiB. */
  connectionMiB: 10,
  /** What a broker takes in and replicates, a second. */
  bytesPerBroker: 50 * 2 ** 20,
  /** An event's key, headers and framing beside its payload. Measured: 183 B for headers alone. */
  eventOverhead: 256,
} as const;

/** Beyond these a node is slow to move, restore or replace, and the plan adds nodes instead. */
export const nodeLimit = { cores: 16, dataGiB: 4096, brokerStorageGiB: 4096 } as const;

/** The most that the large clouds sell as one machine with one volume. */
export const machine = { cores: 128, memoryGiB: 1024, storageGiB: 65_536 } as const;

/** GiB a core, as the large clouds sell machines: for computing, for everything, for memory. A node has 8 GiB at least. */
export const memoryPerCore = { least: 2, most: 8 } as const;
export const leastMemoryGiB = 8;

/** Of one stack. */
export const mostWorkers = 64;

/** An event above this is worth a claim check: it fills the outbox, the log, every copy in Kafka and every consumer. */
export const largeEventBytes = 65_536;

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
