import type { Check } from "./check";
import { type Finding, fail, type Outcome } from "./finding";
import { openTarget, type TargetOptions } from "./target";

export interface CheckReport {
  readonly check: string;
  readonly findings: readonly Finding[];
  readonly ms: number;
}

/** Runs the checks one after another: each sees the database as the one before left it, which is as it was. */
export async function verify(
  options: TargetOptions,
  checks: readonly Check[],
  done: (report: CheckReport) => void = () => {},
): Promise<readonly CheckReport[]> {
  const target = await openTarget(options);
  try {
    const reports: CheckReport[] = [];
    for (const check of checks) {
      const started = Date.now();
      const findings = await check.run(target).catch((error: unknown) => [failedCheck(check, error)]);
      const report = { check: check.name, findings, ms: Date.now() - started };
      reports.push(report);
      done(report);
    }
    return reports;
  } finally {
    await target.admin.end();
  }
}

function failedCheck(check: Check, error: unknown): Finding {
  return fail(check.name, `could not be checked: ${error instanceof Error ? error.message : String(error)}`);
}

/** The worst of all findings; `pass` if there are none. */
export function worst(reports: readonly CheckReport[]): Outcome {
  const outcomes = new Set(reports.flatMap(({ findings }) => findings.map(({ outcome }) => outcome)));
  return (["fail", "warn", "skip"] as const).find((outcome) => outcomes.has(outcome)) ?? "pass";
}
