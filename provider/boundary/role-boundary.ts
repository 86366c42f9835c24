import type { RoleBoundaryInputs } from "../../architecture/data-plane/declaration";
import type { Reader } from "../postgres/sql-statements";
import { attributes } from "./attributes";
import { eventTrigger } from "./event-trigger";
import { functions } from "./function-rights";
import type { Facet, Gap } from "./gap";
import { memberships } from "./memberships";
import { privileges } from "./privileges";
import { settings } from "./role-settings";
import { ownership } from "./table-ownership";

const facets: readonly Facet[] = [functions, attributes, memberships, settings, eventTrigger, ownership, privileges];

/**
 * Reads the gaps of one node: rights that the application's roles or PUBLIC should not have, and guards that are not
 * in force.
 *
 * @param isCoordinator true to read all gaps, false to read only those that each node has for itself
 */
export async function readBoundary(read: Reader, bounds: RoleBoundaryInputs, isCoordinator: boolean): Promise<Gap[]> {
  const looking = facets.filter(({ everyNode }) => everyNode || isCoordinator).map((facet) => facet.read(read, bounds));
  return (await Promise.all(looking)).flat();
}

/** Statements that close the gaps, each once: one membership may close several gaps. */
export function mendsOf(gaps: readonly Gap[]): readonly string[] {
  return [...new Set(gaps.flatMap(({ mend }) => mend))];
}
