import type { Source } from "../common/source";
import { type Linted, unreadable } from "./linted";

/** Callback for an exception of lint's own code in one file; lint still judges the other files. */
export type OnFault = (path: string, error: unknown) => void;

export const throwFault: OnFault = (_, error) => {
  throw error;
};

/** The findings that `judge` returns for a file. An exception is a fault of that file alone. */
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
  what: "This file nests too deep for lint to read it",
  fix: "Split its longest expression or its deepest value into parts",
};
