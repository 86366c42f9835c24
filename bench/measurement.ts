import { median } from "./statistics";

/** What a ratio is to reach. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** Two things measured beside each other in one run. */
export interface Measurement {
  readonly what: string;
  readonly against: string;
  readonly unit: "events/s" | "transactions/s" | "s" | "ms" | "% of a core";
  readonly ours: number;
  readonly theirs: number;
  /** `ours / theirs`, or the median of that of each round. */
  readonly ratio: number;
  /** Undefined where the figure is shown for comparison only. */
  readonly target?: Target;
}

/** One round: both sides, one right after the other. */
export interface Round {
  readonly ours: number;
  readonly theirs: number;
}

type Named = Pick<Measurement, "what" | "against" | "unit" | "target">;

/** The medians of several rounds; the ratio is the median of the rounds' ratios, as a round shares its moment's load. */
export function ofRounds(named: Named, rounds: readonly Round[]): Measurement {
  return {
    ...named,
    ours: median(rounds.map(({ ours }) => ours)),
    theirs: median(rounds.map(({ theirs }) => theirs)),
    ratio: median(rounds.map(({ ours, theirs }) => ours / theirs)),
  };
}

/** Undefined without a target. A ratio that is no number has reached nothing. */
export function isReached({ ratio, target }: Measurement): boolean | undefined {
  if (!target) return undefined;
  return "atLeast" in target ? ratio >= target.atLeast : ratio <= target.atMost;
}
