const unitNames = ["second", "minute", "hour", "day", "week", "month", "year"] as const;
export type DurationUnit = (typeof unitNames)[number];

/** A span of calendar time as PostgreSQL understands it: a month stays a month. */
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

/** PostgreSQL's timestamps begin in 4713 BC: so long before now they all have room, and so does twice as long. */
export const longestDuration: Duration = { count: 1000, unit: "year" };

/** What is accepted, for error messages. */
export const durationExpected =
  "a whole number and a unit, such as `30 s`, `5 minutes`, `3 days`, `1 month` or `7 years`, and at most 1000 years";

/** The duration, or undefined if the text is none, or one that PostgreSQL could not count back from now. Zero and fractions are none. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^\s*([1-9]\d{0,8})\s*([a-z]+)\s*$/i.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const word = match[2].toLowerCase();
  const unit = shortUnits[word] ?? unitNames.find((name) => word === name || word === `${name}s`);
  const duration = unit && { count: Number(match[1]), unit };
  return duration && durationMs(duration) <= durationMs(longestDuration) ? duration : undefined;
}

/** As an interval literal's text: `3 months`. Also what PostgreSQL and pg_partman 5 accept. */
export function formatDuration({ count, unit }: Duration): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** `1 week` is `7 days`, but `1 month` is not `30 days`. */
export function sameDuration(one: Duration, other: Duration): boolean {
  const [ours, theirs] = [inBaseUnit(one), inBaseUnit(other)];
  return ours.count === theirs.count && ours.unit === theirs.unit;
}

/** In the unit that PostgreSQL counts it in: an interval has months, days and seconds, and none becomes another. */
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

/** Months count as 30 days and years as 365: for comparing, and for settings that only know milliseconds. */
export function durationMs({ count, unit }: Duration): number {
  return count * milliseconds[unit];
}
