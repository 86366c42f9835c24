import { z } from "zod";
import { type Duration, durationExpected, formatDuration, parseDuration } from "../../common/duration";

/** A duration as text, such as `1 month`. */
export const durationText = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, `expected ${durationExpected}`);

/** Converts an interval as PostgreSQL prints it (IntervalStyle `postgres`) to the text of a duration, if it is one. */
export function durationOfInterval(interval: string): string {
  const calendar = /^(\d+) (year|mon|day)s?$/.exec(interval);
  if (calendar) return formatDuration(calendarDuration(Number(calendar[1]), calendar[2] ?? ""));
  const clock = /^(\d+):(\d\d):(\d\d)$/.exec(interval);
  if (!clock) return interval;
  const [hours, minutes, seconds] = clock.slice(1).map(Number) as [number, number, number];
  if (seconds > 0) return formatDuration({ count: (hours * 60 + minutes) * 60 + seconds, unit: "second" });
  if (minutes > 0) return formatDuration({ count: hours * 60 + minutes, unit: "minute" });
  return formatDuration({ count: hours, unit: "hour" });
}

/** `1 week` is `7 days`, but `1 month` is not `30 days`. */
export function sameDuration(one: string | undefined, other: string | undefined): boolean {
  return canonical(one) === canonical(other);
}

function calendarDuration(count: number, unit: string): Duration {
  return { count, unit: unit === "mon" ? "month" : (unit as "year" | "day") };
}

function canonical(text: string | undefined): string | undefined {
  const duration = text === undefined ? undefined : parseDuration(text);
  if (!duration) return text;
  const { count, unit } = duration;
  switch (unit) {
    case "year":
      return `${count * 12} months`;
    case "month":
      return `${count} months`;
    case "week":
      return `${count * 7} days`;
    case "day":
      return `${count} days`;
    case "hour":
      return `${count * 3600} seconds`;
    case "minute":
      return `${count * 60} seconds`;
    case "second":
      return `${count} seconds`;
  }
}
