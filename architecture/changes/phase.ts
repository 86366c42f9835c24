/** The phases of a schema change, in order. Each begins when the stack names it and `up` has run. */
export const phases = ["expand", "dual-write", "backfill", "switch-reads", "contract"] as const;
export type Phase = (typeof phases)[number];

/** Position of a phase; 0 before the first one. */
export function phaseNumber(phase: Phase | undefined): number {
  return phase === undefined ? 0 : phases.indexOf(phase) + 1;
}

/** The phases from one to another, without the first: one after the other forwards, or the one before. */
export function pathBetween(from: Phase | undefined, to: Phase | undefined): readonly (Phase | undefined)[] {
  const [start, end] = [phaseNumber(from), phaseNumber(to)];
  const step = Math.sign(end - start);
  return Array.from({ length: Math.abs(end - start) }, (_, index) => phases[start + step * (index + 1) - 1]);
}
