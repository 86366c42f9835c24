import { type Duration, type DurationUnit, formatDuration, sameDuration } from "../../common/duration";

/** How long, as a database has it: a duration, or what PostgreSQL prints of an interval that is none, such as `1 mon 3 days`. */
export type Interval = Duration | { readonly printed: string };

/** Converts an interval as PostgreSQL prints it (IntervalStyle `postgres`) to the text of a duration, if it is one. */
export function parseInterval(printed: string): Interval {
  const [, count = "", name = ""] = /^([1-9]\d*) (year|mon|day)s?$/.exec(printed) ?? [];
  if (count) return { count: Number(count), unit: calendarUnits[name] ?? "day" };
  const clock = /^(\d+):(\d\d):(\d\d)$/.exec(printed);
  const [hours, minutes, seconds] = (clock ?? []).slice(1).map(Number);
  if (seconds) return { count: ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + seconds, unit: "second" };
  if (minutes) return { count: (hours ?? 0) * 60 + minutes, unit: "minute" };
  return hours ? { count: hours, unit: "hour" } : { printed };
}

const calendarUnits: Readonly<Record<string, DurationUnit>> = { year: "year", mon: "month", day: "day" };

/** As it is stored and shown: `3 months`, or as PostgreSQL prints it. */
export function formatInterval(interval: Interval): string {
  return "printed" in interval ? interval.printed : formatDuration(interval);
}

/** Two that PostgreSQL counts alike, or none on both sides. */
export function sameInterval(one: Interval | undefined, other: Interval | undefined): boolean {
  if (!one || !other) return one === other;
  if ("printed" in one || "printed" in other) return formatInterval(one) === formatInterval(other);
  return sameDuration(one, other);
}
