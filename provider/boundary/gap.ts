import type { RoleBoundaryInputs } from "../../architecture/data-plane/declaration";
import type { Reader } from "../postgres/sql-statements";

/** Gap: a right that a role should not have, or a guard that is not in force. */
export interface Gap {
  /** Role, `PUBLIC`, or the object of the guard. */
  readonly subject: string;
  /** Rest of the sentence that begins with the subject. */
  readonly seen: string;
  /** Statements that close the gap. Empty if only somebody else can; `seen` then says who. */
  readonly mend: readonly string[];
}

/** Check of one way across the boundary. */
export interface Facet {
  /** True if each node has its own, like roles and the functions of pg_catalog. */
  readonly everyNode: boolean;
  read(read: Reader, bounds: RoleBoundaryInputs): Promise<readonly Gap[]>;
}

/** Reads gaps with a query whose first parameter is the roles' names. */
export function readGaps(sql: string): Facet["read"] {
  return (read, bounds) => read<Gap>(sql, [Object.keys(bounds.roles), ...parameters(sql, bounds)]);
}

function parameters(sql: string, { schemas }: RoleBoundaryInputs): readonly unknown[] {
  return sql.includes("$2") ? [schemas] : [];
}
