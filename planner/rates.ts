import { z } from "zod";
import { Problems } from "../common/problem";
import type { Source } from "../common/source";
import { parseYaml } from "../common/yaml-file";
import { capacity } from "./capacity";
import { formatNumber } from "./format-number";
import { toNumber } from "./workload";

/** Work that a machine does in a second. */
export interface Rates {
  /** Transactions for each core that write a business row and its event. */
  readonly writesPerCore: number;
  /** Queries for each core that name their tenant, each after `set_tenant()`. */
  readonly readsPerCore: number;
  /** Events that one connector reads and Kafka acknowledges, with exactly-once delivery. */
  readonly eventsExactlyOnce: number;
  /** The same with at-least-once delivery. */
  readonly eventsAtLeastOnce: number;
}

/**
 * Measured on two noisy cores with Citus 13.2, PostgreSQL 17, Kafka 4.3 and Debezium 3.6; these are the lowest results:
 * 827 writing transactions and 1,438 reads on two cores. The connector ran in a worker that had just started; a warm
 * one is two to three times as fast.
 */
export const measuredRates: Rates = {
  writesPerCore: 400,
  readsPerCore: 700,
  eventsExactlyOnce: 14_000,
  eventsAtLeastOnce: 25_000,
};

const expected = "a number a second above 0, up to 10000000";
const rate = z.preprocess(toNumber, z.number(expected).positive(expected).max(10_000_000, expected)).optional();
const ratesFile = z.strictObject(
  { writesPerCore: rate, readsPerCore: rate, eventsExactlyOnce: rate, eventsAtLeastOnce: rate } satisfies Record<
    keyof Rates,
    z.ZodType
  >,
  "an object such as `{ writesPerCore: 900, readsPerCore: 2500 }`",
);

/** Parses rates that a team measured on its own machines. Missing ones are ours. Throws all Problems together. */
export function parseRates(source: Source): Rates {
  const parsed = parseYaml(source, { schema: ratesFile, noun: "The file of rates" });
  if (Array.isArray(parsed)) throw new Problems(parsed);
  const given = Object.entries(parsed.value).filter(([, value]) => value !== undefined);
  return { ...measuredRates, ...Object.fromEntries(given) };
}

/** The rates and assumptions of a plan, one on each line, for people who want to check it. */
export function assumptionsOf(rates: Rates): readonly string[] {
  const own = (name: keyof Rates) =>
    rates[name] === measuredRates[name] ? "measured on two noisy cores" : "your rate";
  return [
    `${formatNumber(rates.writesPerCore)} writing transactions with their event a second and core (${own("writesPerCore")})`,
    `${formatNumber(rates.readsPerCore)} reads that name their tenant a second and core (${own("readsPerCore")})`,
    `${formatNumber(rates.eventsExactlyOnce)} events a second and connector exactly once (${own("eventsExactlyOnce")}), ${formatNumber(rates.eventsAtLeastOnce)} at least once (${own("eventsAtLeastOnce")})`,
    `${formatNumber(capacity.eventsPerPartition)} events a second and consumer, a peak of ${capacity.peak} times the average, ${capacity.secondsPerTransaction * 1_000} ms a transaction, ${capacity.connectionMiB} MiB a connection, ${capacity.bytesPerBroker / 2 ** 20} MiB a second and broker (assumed)`,
    `rows of the last day and ${capacity.cachedShare * 100} % of the hot ones are read again and again, with their indexes (assumed)`,
    `rows of ${capacity.rowOverhead} times their size with indexes, a third of it once compressed, and ${capacity.walOverhead} times their size in the log (assumed)`,
  ];
}
