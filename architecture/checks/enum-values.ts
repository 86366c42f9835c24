import type { Problem } from "../problem";
import { usedTooEarly } from "../rules/enum-value-used";
import { withoutTransaction } from "../sql-file";
import type { Checked } from "./check";

/** A value of an enum is there once the file that adds it has committed. */
export function checkEnumValues(checked: Checked): Problem[] {
  return checked.files.flatMap(({ source, statements }) =>
    withoutTransaction(source.text) ? [] : usedTooEarly(statements, checked),
  );
}
