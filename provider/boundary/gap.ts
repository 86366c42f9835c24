import type { RoleBoundaryInputs } from "../../architecture/data-plane/declaration";
import type { Reader } from "../postgres/sql-statements";

/** Something that a role may do and shouldn't, or a guard that is not in force. */
export interface Gap {
  /** A role, `PUBLIC`, or what the guard belongs to. */
  readonly subject: string;
  /** As a sentence goes on behind the subject. */
  readonly seen: string;
  /** What sets it right. Empty where that takes somebody else; `seen` then says whom. */
  readonly mend: readonly string[];
}

/** One way across the boundary. */
export interface Facet {
  /** Whether each node has its own, as with roles and the functions of pg_catalog. */
  readonly everyNode: boolean;
  read(read: Reader, bounds: RoleBoundaryInputs): Promise<readonly Gap[]>;
}

/** Reads gaps as a query has them: its first parameter is the roles' names. */
export function readGaps(sql: string): Facet["read"] {
  return (read, bounds) => read<Gap>(sql, [Object.keys(bounds.roles), ...parameters(sql, bounds)]);
}

function parameters(sql: string, { schemas }: RoleBoundaryInputs): readonly unknown[] {
  return sql.includes("$2") ? [schemas] : [];
}
