import { addressOf } from "../architecture/endpoints";
import { formatAddress } from "../common/address";
import { problemsFrom } from "../provider/postgres/postgres-connection";
import type { Check } from "./check";
import { type Finding, fail, type Outcome } from "./finding";
import { isConnected } from "./login";
import { openTarget, type Target, type TargetOptions } from "./target";
import type { VerifyScope } from "./verify-scopes";

export interface CheckReport {
  readonly check: string;
  readonly findings: readonly Finding[];
  readonly ms: number;
}

/**
 * Runs the checks one after another. Each leaves the database as it was. @throws Problems if the database can't be
 * reached, or goes away meanwhile
 */
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
      const findings = await check.run(target).catch(async (error: unknown) => {
        await refuseIfGone(target, check, error);
        return [failedCheck(check, error)];
      });
      const report = { check: check.name, findings, ms: Date.now() - started };
      reports.push(report);
      done(report);
    }
    return reports;
  } finally {
    await target.admin.end().catch(() => {});
  }
}

/** Verifies several scopes, and joins the findings of each check. */
export async function verifyAll(
  scopes: readonly VerifyScope[],
  checks: readonly Check[],
  done: (report: CheckReport) => void = () => {},
): Promise<readonly CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const { options, includes } of scopes) reports.push(...(await verify(options, checks.filter(includes), done)));
  return checks.flatMap(({ name }) => {
    const own = reports.filter(({ check }) => check === name);
    const ms = own.reduce((sum, report) => sum + report.ms, 0);
    return own.length === 0 ? [] : [{ check: name, findings: own.flatMap(({ findings }) => findings), ms }];
  });
}

async function refuseIfGone({ admin, endpoints }: Target, check: Check, cause: unknown): Promise<void> {
  if (await isConnected(admin)) return;
  throw problemsFrom(
    {
      what: `The connection to PostgreSQL at ${formatAddress(addressOf(endpoints.postgres))} broke while verify looked at \`${check.name}\``,
      got: messageOf(cause),
      fix: "see in the server's log why it ended, such as a restart or a failover, then run verify again: it removes what this run left behind",
    },
    cause,
  );
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function failedCheck(check: Check, error: unknown): Finding {
  return fail(check.name, `could not be checked: ${messageOf(error)}`);
}

/** The worst outcome of all findings; `pass` without findings. */
export function worst(reports: readonly CheckReport[]): Outcome {
  const outcomes = new Set(reports.flatMap(({ findings }) => findings.map(({ outcome }) => outcome)));
  return (["fail", "warn", "skip"] as const).find((outcome) => outcomes.has(outcome)) ?? "pass";
}
