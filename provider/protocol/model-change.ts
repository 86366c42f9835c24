import type { Problem } from "../../common/problem";
import { parseConfiguration } from "./configuration";
import type { Properties } from "./properties";

/**
 * Refuses another tenancy model without its opt-in: the tenants' rows would stay where they are, and their
 * applications would use new, empty places.
 *
 * @param old the properties in the state, if any
 */
export function modelProblems(old: Properties, next: Properties): readonly Problem[] {
  const [before, after] = [old, next].map((properties) => properties.model);
  if (typeof before !== "string" || typeof after !== "string" || before === after) return [];
  const optIn = `remodel ${after}`;
  if (parseConfiguration(next).allow.has(optIn)) return [];
  return [
    {
      what: `The tenancy model of this stack would change from \`${before}\` to \`${after}\`: rows stay where they are, and every tenant gets a new, empty place`,
      got: `\`${after}\`, by \`tenantry:tenancy\` or by the plan of \`tenantry:workload\``,
      expected: `\`${before}\``,
      fix: `keep \`${before}\` (with a workload, \`model: ${before}\` in \`tenantry:plan\`), or add \`${optIn}\` to tenantry:allow, and move the rows as docs/tenancy-models.md says`,
    },
  ];
}
