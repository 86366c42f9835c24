/** A text in code, perhaps composed of several pieces. */
export interface CodeText {
  /** The text, with blanks of the same length for parts that are filled in at run time. */
  readonly text: string;
  /** Offset in the file of each character of the text, from 0. */
  readonly offsets: readonly number[];
  /** Positions in the text of the parts that are filled in. */
  readonly holes: readonly { readonly start: number; readonly end: number }[];
}
