/** A text that code writes down, perhaps in pieces. */
export interface CodeText {
  /** What is filled in at run time stands as a blank here, of the length that it takes in the file. */
  readonly text: string;
  /** For each character of the text where it stands in the file, from 0. */
  readonly offsets: readonly number[];
  /** Where something is filled in, as positions of the text. */
  readonly holes: readonly { readonly start: number; readonly end: number }[];
}
