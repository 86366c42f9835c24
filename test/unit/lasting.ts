import assert from "node:assert/strict";
import { type Duration, parseDuration } from "../../common/duration";

/** `1 month` as a duration. */
export function lasting(text: string): Duration {
  return parseDuration(text) ?? assert.fail(`${text} is no duration`);
}
