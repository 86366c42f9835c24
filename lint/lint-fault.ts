import type { Source } from "../common/source";
import { type Linted, unreadable } from "./linted";

/** Called with what our own code throws over a file; the other files are judged all the same. */
export type OnFault = (path: string, error: unknown) => void;

export const throwFault: OnFault = (_, error) => {
  throw error;
};

/** What `judge` finds in a file; what it throws is a fault of that file alone. */
export function judged(source: Source, judge: () => readonly Linted[], onFault: OnFault): readonly Linted[] {
  try {
    return judge();
  } catch (error) {
    if (isTooDeep(error)) return unreadable(tooDeep, source);
    onFault(source.path, error);
    return [];
  }
}

function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

const tooDeep = {
  what: "What stands here nests deeper than can be read",
  fix: "Split its longest expression or its deepest value into parts",
};
