/**
 * `warn`: could not be judged, or wants a look. `skip`: does not apply to these servers. Only `fail` makes the run fail.
 */
export type Outcome = "pass" | "fail" | "warn" | "skip";

/** What one look at the live system saw. */
export interface Finding {
  readonly outcome: Outcome;
  /** What was looked at: `ecommerce.orders`. */
  readonly subject: string;
  /** What was seen, as a sentence without its full stop. Never a secret. */
  readonly seen: string;
}

export const pass = (subject: string, seen: string): Finding => ({ outcome: "pass", subject, seen });
export const fail = (subject: string, seen: string): Finding => ({ outcome: "fail", subject, seen });
export const warn = (subject: string, seen: string): Finding => ({ outcome: "warn", subject, seen });
export const skip = (subject: string, seen: string): Finding => ({ outcome: "skip", subject, seen });

/** `pass` if nothing is wrong, else one `fail` that says all of it. */
export function judge(subject: string, wrong: readonly string[], right: string): Finding {
  return wrong.length === 0 ? pass(subject, right) : fail(subject, wrong.join("; "));
}
