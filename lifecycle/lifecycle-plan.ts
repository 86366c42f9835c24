import { tableId } from "../provider/postgres/live-tables";
import { type AgedPartition, type AgedStep, type AttachedPartition, agedSteps, samePeriod } from "./aged-partition";

/** What a run does with one partition. */
export interface Move {
  readonly partition: AttachedPartition | AgedPartition;
  /** What earlier runs have recorded. Undefined if none has begun. */
  readonly aged?: AgedPartition;
  /** The steps that remain, in their order. */
  readonly steps: readonly AgedStep[];
  /** True if its time to move has not come, though a run closed it: the tier was lengthened, or a clock was ahead. */
  readonly reopen?: true;
}

/**
 * Plans a run: each partition that is past its age in the database moves to the store, and the files of each that is past
 * its retention are deleted. Old periods come first, and within one the tables that refer to others come before these.
 *
 * @param parentsFirst ids of the tables, each behind those that its foreign keys refer to
 */
export function planLifecycle(
  attached: readonly AttachedPartition[],
  aged: readonly AgedPartition[],
  now: Date,
  parentsFirst: readonly string[] = [],
): Move[] {
  const due = attached.filter(({ movesAt, isLast }) => movesAt <= now && !isLast);
  const moving = due.map((partition): Move => {
    const found = aged.find((each) => samePeriod(each, partition));
    // Its rows were late: somebody made the partition of a period again whose rows have moved already.
    const isNew = !found || isGone(found.step);
    return { partition, ...(found && { aged: found }), steps: after(isNew ? undefined : found.step, "dropped") };
  });
  const begun = aged
    .filter((each) => !isGone(each.step) && !due.some((partition) => samePeriod(each, partition)))
    .map((each): Move => {
      const isOpenable = attached.some((partition) => samePeriod(each, partition));
      return isOpenable
        ? { partition: each, aged: each, steps: [], reopen: true }
        : { partition: each, aged: each, steps: after(each.step, "dropped") };
    });
  const old = aged
    .filter((each) => each.step === "dropped" && each.deletesAt && each.deletesAt <= now)
    .filter((each) => !due.some((partition) => samePeriod(each, partition)))
    .map((each): Move => ({ partition: each, aged: each, steps: ["deleted"] }));
  const rank = ({ partition }: Move) => -parentsFirst.indexOf(tableId(partition));
  return [...begun, ...moving, ...old].toSorted(
    (a, b) => +a.partition.startsAt - +b.partition.startsAt || rank(a) - rank(b),
  );
}

function isGone(step: AgedStep): boolean {
  return step === "dropped" || step === "deleted";
}

/** The steps behind `done`, up to `last`. */
function after(done: AgedStep | undefined, last: AgedStep): readonly AgedStep[] {
  return agedSteps.slice(done === undefined ? 0 : agedSteps.indexOf(done) + 1, agedSteps.indexOf(last) + 1);
}
