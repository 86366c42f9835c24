import { renderProblem } from "../common/problem";
import type { Linted } from "../lint/linted";
import { pageOf } from "../lint/rule";

/** Renders a finding as `tenantry lint` does: place, what, fix, the rule and its page. */
export function renderViolation({ what, fix, at, rule, severity }: Linted): string {
  return `${renderProblem({ what, fix, at })}\n  rule:     ${rule} (${severity}): ${pageOf(rule)}`;
}
