import type { RangeVar } from "libpg-query";
import type { TableKind } from "../../architecture/checks/check";
import type { Place } from "../../common/problem";
import type { TableFacts } from "../rule";
import type { RefusalName } from "./citus-refusals";

/** The tables that a file's statements use. */
export interface CitusTables extends Omit<TableFacts, "kindOf"> {
  kindOf(relation: RangeVar | string | undefined): TableKind | undefined;
  /**
   * True if the table is already distributed or copied to every node when the file runs. `up` does that after the file
   * that creates the table.
   */
  isPlaced(relation: RangeVar | string | undefined): boolean;
  /** True if the table is placed now or will be placed later. */
  isToBePlaced(relation: RangeVar | string | undefined): boolean;
  nameOf(relation: RangeVar | undefined): string;
}

/** A construct that Citus refuses, in a statement. */
export interface Found {
  readonly refusal: RefusalName;
  /** The table that the construct is about. */
  readonly subject: string;
  readonly location: number | undefined;
  /** Place of the construct, if the parse tree has no location. */
  readonly at?: Place;
}
