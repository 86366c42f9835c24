import { framedTable } from "../common/table";
import type { Outcome } from "./finding";
import type { CheckReport } from "./verify";

const colours: Readonly<Record<Outcome, string>> = { pass: "32", fail: "31;1", warn: "33", skip: "2" };

/** Renders a table for people. `width` in characters; `colour` for terminals that support it. */
export function renderReport(reports: readonly CheckReport[], width: number, colour: boolean): string {
  const rows = reports.flatMap(({ check, findings }) => findings.map((finding) => ({ check, ...finding })));
  const longest = (of: (row: (typeof rows)[number]) => string, most: number) =>
    Math.min(most, Math.max(7, ...rows.map((row) => of(row).length))) + 2;
  const [first, second] = [longest(({ check }) => check, 16), longest(({ subject }) => subject, 48)];
  const table = framedTable({
    head: ["check", "subject", "result", "seen"],
    colWidths: [first, second, 8, Math.max(30, width - first - second - 8 - 5)],
    wordWrap: true,
    style: { border: colour ? ["gray"] : [] },
  });
  let last = "";
  for (const { check, subject, outcome, seen } of rows) {
    table.push([check === last ? "" : check, subject, paint(outcome, colour), seen]);
    last = check;
  }
  return `${table.toString()}\n${summary(reports)}`;
}

function paint(outcome: Outcome, colour: boolean): string {
  return colour ? `\u001b[${colours[outcome]}m${outcome}\u001b[0m` : outcome;
}

function summary(reports: readonly CheckReport[]): string {
  const count = (wanted: Outcome) =>
    reports.flatMap(({ findings }) => findings).filter(({ outcome }) => outcome === wanted).length;
  const seconds = reports.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
  const counts = (["pass", "fail", "warn", "skip"] as const).map((outcome) => `${count(outcome)} ${outcome}`);
  return `${counts.join(", ")} in ${seconds.toFixed(1)} s`;
}

/** Renders JSON for programs: one object a finding. */
export function reportJson(stack: string, reports: readonly CheckReport[]): string {
  const findings = reports.flatMap(({ check, findings }) => findings.map((finding) => ({ check, ...finding })));
  const failed = findings.some(({ outcome }) => outcome === "fail");
  return JSON.stringify({ stack, ok: !failed, findings }, undefined, 2);
}
