/**
 * `warn`: the check could not judge, or somebody should look. `skip`: the check does not apply to these servers. Only
 * `fail` makes the run fail.
 */
export type Outcome = "pass" | "fail" | "warn" | "skip";

/** Result of a check about one subject. */
export interface Finding {
  readonly outcome: Outcome;
  /** Checked object: `ecommerce.orders`. */
  readonly subject: string;
  /** Observation, as a sentence without its full stop. Never a secret. */
  readonly seen: string;
}

export const pass = (subject: string, seen: string): Finding => ({ outcome: "pass", subject, seen });
export const fail = (subject: string, seen: string): Finding => ({ outcome: "fail", subject, seen });
export const warn = (subject: string, seen: string): Finding => ({ outcome: "warn", subject, seen });
export const skip = (subject: string, seen: string): Finding => ({ outcome: "skip", subject, seen });

/** Returns `pass` if nothing is wrong, else one `fail` with all faults. */
export function judge(subject: string, wrong: readonly string[], right: string): Finding {
  return wrong.length === 0 ? pass(subject, right) : fail(subject, wrong.join("; "));
}
