/** Constants of the formulas, beside the rates (`rates.ts`). Measured ones say so; the others are assumed. */
export const capacity = {
  /** Events a second that one consumer thread processes, each in a transaction with processed_events. */
  eventsPerPartition: 300,
  /** The busiest minute's rate, as a multiple of the busy day's average. */
  peak: 3,
  /** Size of a row with tuple header, two indexes and dead rows, as a multiple of the row alone. */
  rowOverhead: 2,
  /**
   * Hot rows younger than this, in seconds, are assumed to stay in the cache with their indexes, and `cachedShare` of
   * all hot rows.
   */
  cachedSeconds: 86_400,
  cachedShare: 0.02,
  /** WAL with full-page images and index records, as a multiple of the rows alone. */
  walOverhead: 2,
  /** Time that a transaction holds its server connection, including the network. */
  secondsPerTransaction: 0.01,
  /** Memory of a server connection, in MiB. */
  connectionMiB: 10,
  /** Bytes a second that a broker receives and replicates. */
  bytesPerBroker: 50 * 2 ** 20,
  /** An event's key, headers and framing beside its payload. Measured: 183 B for headers alone. */
  eventOverhead: 256,
} as const;

/** Limits above which a node is slow to move, restore or replace; the plan then adds nodes instead. */
export const nodeLimit = { cores: 16, dataGiB: 4096, brokerStorageGiB: 4096 } as const;

/** The largest single machine with one volume that the large clouds sell. */
export const machine = { cores: 128, memoryGiB: 1024, storageGiB: 65_536 } as const;

/**
 * GiB of memory for each core, from compute-optimised to memory-optimised machines of the large clouds. A node has at
 * least 8 GiB.
 */
export const memoryPerCore = { least: 2, most: 8 } as const;
export const leastMemoryGiB = 8;

/** Limit of workers in one stack. */
export const mostWorkers = 64;

/**
 * Size above which an event should use a claim check, because it fills the outbox, the WAL, every copy in Kafka and
 * every consumer.
 */
export const largeEventBytes = 65_536;

/** The share of a node that the peak may use, by budget. */
export const utilisation = { lean: 0.7, balanced: 0.5, ample: 0.35 } as const;

export const gib = 2 ** 30;

/** A volume's size: rounded up to an eighth of the next power of two, and at least `least`. */
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
