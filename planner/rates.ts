import { z } from "zod";
import { Problems } from "../common/problem";
import type { Source } from "../common/source";
import { parseYaml } from "../common/yaml-file";
import { capacity } from "./capacity";
import { formatNumber, formatPrice } from "./format-number";
import { toNumber } from "./workload";

/** Work that a machine does in a second. */
export interface MachineRates {
  /** Transactions for each core that write a business row and its event. */
  readonly writesPerCore: number;
  /** Queries for each core that name their tenant, each after `set_tenant()`. */
  readonly readsPerCore: number;
  /** Events that one connector reads and Kafka acknowledges, with exactly-once delivery. */
  readonly eventsExactlyOnce: number;
  /** The same with at-least-once delivery. */
  readonly eventsAtLeastOnce: number;
}

/** Work of a machine, sizes of rows in each tier, and prices of storage. */
export interface Rates extends MachineRates {
  /** Size of a compact row of the warm tier, relative to a hot one with its indexes. */
  readonly warmRatio: number;
  /** Size of a row in Parquet, relative to a hot one with its indexes. */
  readonly coldRatio: number;
  /** Price of a GiB of a volume for a month. */
  readonly volumePrice: number;
  /** Price of a GiB in the store for a month. */
  readonly storePrice: number;
}

/**
 * Measured on two noisy cores with Citus 13.2, PostgreSQL 17, Kafka 4.3 and Debezium 3.6; these are the lowest results:
 * 827 writing transactions and 1,438 reads on two cores. The connector ran in a worker that had just started; a warm
 * one is two to three times as fast. The ratios and prices are assumed: orders of 18 columns took an eighth of their heap
 * and indexes as Parquet, and the large clouds sell volumes and object storage at about these prices.
 */
export const measuredRates: Rates = {
  writesPerCore: 400,
  readsPerCore: 700,
  eventsExactlyOnce: 14_000,
  eventsAtLeastOnce: 25_000,
  warmRatio: 1 / 3,
  coldRatio: 1 / 8,
  volumePrice: 0.1,
  storePrice: 0.025,
};

const expected = "a number a second above 0, up to 10000000";
const rate = z.preprocess(toNumber, z.number(expected).positive(expected).max(10_000_000, expected)).optional();
const ratioExpected = "a part of a hot row's size, above 0 and at most 1";
const ratio = z.preprocess(toNumber, z.number(ratioExpected).positive(ratioExpected).max(1, ratioExpected)).optional();
const priceExpected = "a price of a GiB a month, from 0 to 1000";
const price = z
  .preprocess(toNumber, z.number(priceExpected).min(0, priceExpected).max(1_000, priceExpected))
  .optional();
const ratesFile = z.strictObject(
  {
    writesPerCore: rate,
    readsPerCore: rate,
    eventsExactlyOnce: rate,
    eventsAtLeastOnce: rate,
    warmRatio: ratio,
    coldRatio: ratio,
    volumePrice: price,
    storePrice: price,
  } satisfies Record<keyof Rates, z.ZodType>,
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
  const own = (name: keyof MachineRates) =>
    rates[name] === measuredRates[name] ? "measured on two noisy cores" : "your rate";
  const assumed = (...names: (keyof Rates)[]) =>
    names.every((name) => rates[name] === measuredRates[name]) ? "assumed" : "some of them yours";
  const percent = (part: number) => `${formatNumber(Math.round(part * 1_000) / 10)} %`;
  return [
    `${formatNumber(rates.writesPerCore)} writing transactions with their event a second and core (${own("writesPerCore")})`,
    `${formatNumber(rates.readsPerCore)} reads that name their tenant a second and core (${own("readsPerCore")})`,
    `${formatNumber(rates.eventsExactlyOnce)} events a second and connector exactly once (${own("eventsExactlyOnce")}), ${formatNumber(rates.eventsAtLeastOnce)} at least once (${own("eventsAtLeastOnce")})`,
    `${formatNumber(capacity.eventsPerPartition)} events a second and consumer, a peak of ${capacity.peak} times the average, ${capacity.secondsPerTransaction * 1_000} ms a transaction, ${capacity.connectionMiB} MiB a connection, ${capacity.bytesPerBroker / 2 ** 20} MiB a second and broker (assumed)`,
    `rows of the last day and ${capacity.cachedShare * 100} % of the hot ones are read again and again, with their indexes (assumed)`,
    `rows of ${capacity.rowOverhead} times their size with indexes, and ${capacity.walOverhead} times their size in the log (assumed)`,
    `warm rows of ${percent(rates.warmRatio)} and cold rows of ${percent(rates.coldRatio)} of a hot row with its indexes (${assumed("warmRatio", "coldRatio")})`,
    `${formatPrice(rates.volumePrice)} a GiB of volume and ${formatPrice(rates.storePrice)} a GiB in the store each month (${assumed("volumePrice", "storePrice")})`,
  ];
}
