import { setTimeout as sleep } from "node:timers/promises";

/** The longest time that a step of a measurement may take. */
export const patienceMs = 300_000;

/** Repeats the question until the answer is true. Throws after `patienceMs`. */
export async function until(what: string, ask: () => Promise<boolean>, pauseMs = 100): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(pauseMs)) if (await ask()) return;
  throw new Error(`Waited ${patienceMs / 1_000} s in vain until ${what}`);
}
