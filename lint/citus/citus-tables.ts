import type { RangeVar } from "libpg-query";
import type { TableKind } from "../../architecture/checks/check";
import type { Place } from "../../common/problem";
import type { TableFacts } from "../rule";
import type { RefusalName } from "./refusals";

/** The tables as a file's statements find them. */
export interface CitusTables extends Omit<TableFacts, "kindOf"> {
  kindOf(relation: RangeVar | string | undefined): TableKind | undefined;
  /** Whether a table is distributed or copied to every node when the file runs: that happens after the file that creates it. */
  isPlaced(relation: RangeVar | string | undefined): boolean;
  /** Whether it is or will be. */
  isToBePlaced(relation: RangeVar | string | undefined): boolean;
  nameOf(relation: RangeVar | undefined): string;
}

/** Something that Citus refuses, in a statement. */
export interface Found {
  readonly refusal: RefusalName;
  /** What it is refused of: a table. */
  readonly subject: string;
  readonly location: number | undefined;
  /** Where the tree has no location. */
  readonly at?: Place;
}
