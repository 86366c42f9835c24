import { median } from "./statistics";

/** The target of a ratio. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** Two figures measured beside each other in one run. */
export interface Measurement {
  readonly what: string;
  readonly against: string;
  readonly unit: "events/s" | "transactions/s" | "s" | "ms" | "% of a core" | "rows/s" | "MiB";
  readonly ours: number;
  readonly theirs: number;
  /** `ours / theirs`, or the median of this ratio over all rounds. */
  readonly ratio: number;
  /** Undefined if the figure is only for comparison. */
  readonly target?: Target;
}

/** One round: both figures, measured one right after the other. */
export interface Round {
  readonly ours: number;
  readonly theirs: number;
}

type Named = Pick<Measurement, "what" | "against" | "unit" | "target">;

/** The medians of several rounds. The ratio is the median of the rounds' ratios, because both figures of a round have the same load. */
export function ofRounds(named: Named, rounds: readonly Round[]): Measurement {
  return {
    ...named,
    ours: median(rounds.map(({ ours }) => ours)),
    theirs: median(rounds.map(({ theirs }) => theirs)),
    ratio: median(rounds.map(({ ours, theirs }) => ours / theirs)),
  };
}

/** True if the ratio reaches its target; undefined without a target. NaN never reaches a target. */
export function isReached({ ratio, target }: Measurement): boolean | undefined {
  if (!target) return undefined;
  return "atLeast" in target ? ratio >= target.atLeast : ratio <= target.atMost;
}
