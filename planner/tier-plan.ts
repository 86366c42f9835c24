import { type Duration, formatDuration } from "../common/duration";
import { capacity, gib } from "./capacity";
import { formatCount, formatNumber, formatPrice } from "./format-number";
import { seconds } from "./load";
import { intervalDuration } from "./partition-plan";
import type { PlannedTier, PlannedValues } from "./planned";
import type { Rates } from "./rates";
import type { Workload } from "./workload";

interface Kind {
  readonly ratio: number;
  readonly copies: number;
  readonly price: number;
  readonly reason: string;
}

/** Sizes the tiers once every row's age is reached: with a retention of seven years, after seven years. */
export function planTiers(
  { writes, rowSize, retention }: Workload,
  values: PlannedValues,
  rates: Rates,
): PlannedTier[] {
  const inDatabase = { copies: values.replicas.value, price: rates.volumePrice };
  const kinds: Readonly<Record<PlannedTier["name"], Kind>> = {
    hot: { ...inDatabase, ratio: 1, reason: "Rows with their indexes, in every copy of a node." },
    warm: { ...inDatabase, ratio: rates.warmRatio, reason: "Compact rows, in every copy of a node." },
    cold: {
      copies: 1,
      ratio: rates.coldRatio,
      price: rates.storePrice,
      reason: "Parquet in the store, whose price contains its own copies.",
    },
  };
  const tiers: PlannedTier[] = [];
  let from: Duration | undefined;
  for (const name of ["hot", "warm", "cold"] as const) {
    const until = retention[name];
    if (!until) continue;
    const { ratio, copies, price, reason } = kinds[name];
    const rows = writes * (seconds(until) - (from ? seconds(from) : 0));
    const gibibytes = (rows * rowSize.bytes * capacity.rowOverhead * ratio) / gib;
    tiers.push({
      name,
      ...(from && { from }),
      until,
      rows: Math.round(rows),
      gibibytes: round(gibibytes),
      copies,
      dollarsAMonth: round(gibibytes * copies * price),
      reason,
      formula: "rows * row * overhead * ratio",
      inputs: {
        "rows a second": writes,
        "row in B": rowSize.bytes,
        overhead: capacity.rowOverhead,
        ratio: round(ratio),
        copies,
        "$ a GiB and month": price,
      },
    });
    from = until;
  }
  return tiers;
}

/** Warns of tiers that are shorter than a partition, because a partition moves as a whole. */
export function tierWarnings(tiers: readonly PlannedTier[], { dataInterval }: PlannedValues): string[] {
  const interval = seconds(intervalDuration(dataInterval.value));
  return tiers.flatMap(({ name, from, until }) => {
    if (seconds(until) - (from ? seconds(from) : 0) >= interval) return [];
    const lasts = from ? `from ${formatDuration(from)} to ${formatDuration(until)}` : `for ${formatDuration(until)}`;
    return [
      `The ${name} tier lasts ${lasts}, and a partition of ${dataInterval.value} moves as a whole: ` +
        `some of its rows never are ${name}. Set a shorter \`dataInterval\`, or a longer tier.`,
    ];
  });
}

/** Says what it costs that cold rows have nowhere to go. Undefined if the plan has no cold tier. */
export function withoutStore(tiers: readonly PlannedTier[], { volumePrice }: Rates): string | undefined {
  const [cold, last] = [tiers.find(({ name }) => name === "cold"), tiers.findLast(({ name }) => name !== "cold")];
  if (!cold || !last || cold.rows === 0) return undefined;
  const gibibytes = cold.gibibytes / Number(cold.inputs.ratio || 1);
  const dollars = gibibytes * last.copies * volumePrice;
  return (
    `The stack has no \`tenantry:store\`, so rows stay in the database until ${formatDuration(cold.until)} and are dropped then. ` +
    `The planned volumes have no room for them: up to ${formatNumber(Math.ceil(gibibytes))} GiB more in each copy, ${formatPrice(dollars)} a month instead of ${formatPrice(cold.dollarsAMonth)}. ` +
    "Add `tenantry:store`, or shorten `retention.cold`."
  );
}

/** `3 months to 1 year`. */
export function formatAges({ from, until }: PlannedTier): string {
  return from ? `${formatDuration(from)} to ${formatDuration(until)}` : `up to ${formatDuration(until)}`;
}

/** `1,866 GiB in 3 copies, $ 560 a month`. */
export function formatStorage({ gibibytes, copies, dollarsAMonth }: PlannedTier): string {
  const each = copies > 1 ? ` in ${copies} copies` : "";
  return `${formatNumber(gibibytes < 10 ? gibibytes : Math.round(gibibytes))} GiB${each}, ${formatPrice(dollarsAMonth)} a month`;
}

/** Whose rows they are and how many, and why they take as much. */
export function formatTierReason(tier: PlannedTier): string {
  return `${formatAges(tier)} old, ${formatCount(tier.rows)} rows. ${tier.reason}`.replace(/^./, (first) =>
    first.toUpperCase(),
  );
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
