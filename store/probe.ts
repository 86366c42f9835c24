import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import type { Problem } from "../common/problem";
import { StoreError } from "./errors";
import type { Store } from "./store";

/** Writes, reads, lists and deletes an object, and returns each reason for which the store refused one of these. */
export async function probe(store: Store): Promise<readonly Problem[]> {
  const key = `.probe/${randomBytes(8).toString("hex")}`;
  const written = await problemsOf(() => store.put(key, Buffer.from(key), { ifAbsent: true }));
  // What could not be written can't be read either, and says so again.
  if (written.length > 0) return written;
  const rest = [
    await problemsOf(async () => refuseOther(store, key, await text(await store.get(key)))),
    await problemsOf(async () => refuseAbsence(store, key)),
    await problemsOf(() => store.delete([key])),
  ];
  const problems = rest.flat();
  return problems.filter((problem, index) => problems.findIndex(({ what }) => what === problem.what) === index);
}

async function problemsOf(work: () => Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof StoreError) return error.problems;
    throw error;
  }
}

function refuseOther(store: Store, key: string, got: string): void {
  if (got === key) return;
  throw new StoreError({
    what: "The store returned other bytes than were written",
    got: `${got.length} characters from ${store.url}/${key}`,
    expected: `the ${key.length} that were written`,
    fix: "Replace the store's server, or what stands between: a cache or proxy that changes bodies",
  });
}

async function refuseAbsence(store: Store, key: string): Promise<void> {
  for await (const { key: found } of store.list(key)) if (found === key) return;
  throw new StoreError({
    what: "The store does not list an object that was just written",
    got: `${store.url}/${key}`,
    fix: "Use a store whose lists are consistent, as S3's are",
  });
}
