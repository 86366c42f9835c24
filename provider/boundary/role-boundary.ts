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
 * Where the roles of an application, or everybody, may do more than they should, and which guards are not in force, as one
 * node has it.
 *
 * @param isCoordinator whether all is looked at, or only what each node has for itself
 */
export async function readBoundary(read: Reader, bounds: RoleBoundaryInputs, isCoordinator: boolean): Promise<Gap[]> {
  const looking = facets.filter(({ everyNode }) => everyNode || isCoordinator).map((facet) => facet.read(read, bounds));
  return (await Promise.all(looking)).flat();
}

/** The statements that set gaps right, each once: several gaps may go with one membership. */
export function mendsOf(gaps: readonly Gap[]): readonly string[] {
  return [...new Set(gaps.flatMap(({ mend }) => mend))];
}
