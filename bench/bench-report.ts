import { framedTable } from "../common/table";
import { isReached, type Measurement, type Target } from "./measurement";

/** Time and machine of a measurement. On a busy machine even ratios change. */
interface Circumstances {
  /** In ISO 8601. */
  readonly date: string;
  readonly cores: number;
  /** One-minute load average before and after. */
  readonly load: { readonly before: number; readonly after: number };
  readonly postgres: string;
  readonly citus: boolean;
}

export interface Report extends Circumstances {
  readonly measurements: readonly Measurement[];
}

/** Renders a table for people, with the circumstances below it. */
export function renderReport({ measurements, ...circumstances }: Report): string {
  const table = framedTable({
    head: ["what", "measured", "against", "measured", "ratio", "to reach", ""],
    colAligns: ["left", "right", "left", "right", "right", "left", "left"],
  });
  for (const measurement of measurements) {
    const { what, against, unit, ours, theirs, ratio, target } = measurement;
    const reached = isReached(measurement);
    table.push([
      what,
      `${figure(ours)} ${unit}`,
      against,
      `${figure(theirs)} ${unit}`,
      figure(ratio),
      renderTarget(target),
      reached === undefined ? "" : reached ? "reached" : "missed",
    ]);
  }
  return `${table.toString()}\n${renderCircumstances(circumstances)}`;
}

/** The report for `--json`. It also says for each target if the measurement reached it. */
export function reportJson({ measurements, ...circumstances }: Report): string {
  const withVerdict = measurements.map((measurement) => ({ ...measurement, reached: isReached(measurement) }));
  return JSON.stringify({ ...circumstances, measurements: withVerdict }, undefined, 2);
}

function renderCircumstances({ date, cores, load, postgres, citus }: Circumstances): string {
  const servers = `PostgreSQL ${postgres}${citus ? " with Citus" : ""}`;
  return `${date}, ${servers}, ${cores} cores, load average ${figure(load.before)} before and ${figure(load.after)} after`;
}

function renderTarget(target: Target | undefined): string {
  if (!target) return "";
  return "atLeast" in target ? `at least ${target.atLeast}` : `at most ${target.atMost}`;
}

/** Formats a number with three significant digits, because measurements are not more precise. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toFixed(digits);
}
