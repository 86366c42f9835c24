import type { Duration } from "../../common/duration";
import type { Source } from "../../common/source";

/**
 * A change of a table's columns while old and new releases of the application run. The old columns stay until the last
 * phase, and both sides are kept equal meanwhile.
 */
export interface SchemaChange {
  /** The file's name without its ending: `085_total_in_cents`. */
  readonly name: string;
  readonly source: Source;
  readonly table: string;
  /** Columns that the new release uses. */
  readonly add: readonly AddedColumn[];
  /** Columns that only the old release uses; the last phase drops them. */
  readonly drop: readonly DroppedColumn[];
  /** Time that must pass between the phases `switch-reads` and `contract`. @default 7 days */
  readonly soak: Duration;
}

interface AddedColumn {
  readonly name: string;
  /** The type in SQL, such as `numeric(12, 2)`. */
  readonly type: string;
  /** The column's value for a row that the old release writes. */
  readonly from: Expression;
  /** True if the column becomes NOT NULL before the readers switch. @default false */
  readonly notNull: boolean;
}

interface DroppedColumn {
  readonly name: string;
  /** The column's value for a row that the new release writes. */
  readonly from: Expression;
}

/** An SQL expression over columns of one row. */
export interface Expression {
  readonly text: string;
  readonly columns: readonly ColumnUse[];
}

/** A column that an expression names, and the place of the name in its text. */
export interface ColumnUse {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}
