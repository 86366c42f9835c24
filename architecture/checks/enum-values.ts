import type { Problem } from "../../common/problem";
import { usedTooEarly } from "../catalog/enum-value-use";
import { withoutTransaction } from "../sql/sql-file";
import type { Checked } from "./check";

/** Reports the use of an enum value before the file that adds it has committed. */
export function checkEnumValues(checked: Checked): Problem[] {
  return checked.files.flatMap(({ source, statements }) =>
    withoutTransaction(source.text) ? [] : usedTooEarly(statements, checked),
  );
}
