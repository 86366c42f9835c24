const unitNames = ["second", "minute", "hour", "day", "week", "month", "year"] as const;
export type DurationUnit = (typeof unitNames)[number];

/** A span of calendar time, as in PostgreSQL's intervals: a month has no fixed number of days. */
export interface Duration {
  readonly count: number;
  readonly unit: DurationUnit;
}

const shortUnits: Readonly<Record<string, DurationUnit>> = { s: "second", min: "minute", h: "hour", d: "day" };
const milliseconds: Readonly<Record<DurationUnit, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
};

/** PostgreSQL's timestamps begin in 4713 BC, so this duration, and even twice as long, can be subtracted from now. */
export const longestDuration: Duration = { count: 1000, unit: "year" };

/** The accepted form, for error messages. */
export const durationExpected =
  "a whole number and a unit, such as `30 s`, `5 minutes`, `3 days`, `1 month` or `7 years`, and at most 1000 years";

/**
 * Parses a duration. Undefined for any other text, for zero and fractions, and for more than PostgreSQL could subtract
 * from now.
 */
export function parseDuration(text: string): Duration | undefined {
  const match = /^\s*([1-9]\d{0,8})\s*([a-z]+)\s*$/i.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const word = match[2].toLowerCase();
  const unit = shortUnits[word] ?? unitNames.find((name) => word === name || word === `${name}s`);
  const duration = unit && { count: Number(match[1]), unit };
  return duration && durationMs(duration) <= durationMs(longestDuration) ? duration : undefined;
}

/** The text of an interval literal, such as `3 months`. PostgreSQL and pg_partman 5 accept it. */
export function formatDuration({ count, unit }: Duration): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** True if two durations are equal for PostgreSQL: `1 week` is `7 days`, but `1 month` is not `30 days`. */
export function sameDuration(one: Duration, other: Duration): boolean {
  const [ours, theirs] = [inBaseUnit(one), inBaseUnit(other)];
  return ours.count === theirs.count && ours.unit === theirs.unit;
}

/** True if a duration is shorter than another: by months where both count in them, as `84 months` is `7 years`. */
export function isShorter(one: Duration, other: Duration): boolean {
  const [ours, theirs] = [inBaseUnit(one), inBaseUnit(other)];
  return ours.unit === theirs.unit ? ours.count < theirs.count : durationMs(one) < durationMs(other);
}

/** Converts to months, days or seconds, in which PostgreSQL stores an interval without converting one into another. */
function inBaseUnit({ count, unit }: Duration): Duration {
  switch (unit) {
    case "year":
      return { count: 12 * count, unit: "month" };
    case "week":
      return { count: 7 * count, unit: "day" };
    case "hour":
    case "minute":
      return { count: (count * milliseconds[unit]) / milliseconds.second, unit: "second" };
    default:
      return { count, unit };
  }
}

/** Milliseconds, with 30 days in a month and 365 in a year: for comparisons, and for settings in milliseconds. */
export function durationMs({ count, unit }: Duration): number {
  return count * milliseconds[unit];
}
