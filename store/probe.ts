import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import type { Problem } from "../common/problem";
import { ObjectExists, ObjectMissing, RightMissing, StoreError } from "./errors";
import type { Store } from "./store";

/** Writes, reads, lists and deletes an object, and returns each reason for which the store refused one of these. */
export async function probe(store: Store): Promise<readonly Problem[]> {
  const key = `.probe/${randomBytes(8).toString("hex")}`;
  const body = Buffer.from(key);
  const refusal = await store.put(key, body, { ifAbsent: true }).then(() => undefined, storeError);
  if (refusal && !(refusal instanceof RightMissing)) return refusal.problems;
  const isWritten = refusal === undefined;
  const problems = [
    refusal?.problems ?? [],
    isWritten ? await problemsOf(() => refuseSecond(store, key, body)) : [],
    await problemsOf(async () => refuseOther(store, key, await text(await store.get(key))), !isWritten),
    await problemsOf(() => refuseAbsence(store, key), !isWritten),
    await problemsOf(() => store.delete([key])),
  ].flat();
  return problems.filter((problem, index) => problems.findIndex(({ what }) => what === problem.what) === index);
}

/** @param mayBeMissing true if the probe could not be written, which says enough about its absence */
async function problemsOf(work: () => Promise<unknown>, mayBeMissing = false): Promise<readonly Problem[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (mayBeMissing && error instanceof ObjectMissing) return [];
    return storeError(error).problems;
  }
}

function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  throw error;
}

/** Without conditional writes two runs could replace each other's objects. */
async function refuseSecond(store: Store, key: string, body: Buffer): Promise<void> {
  try {
    await store.put(key, body, { ifAbsent: true });
  } catch (error) {
    if (error instanceof ObjectExists) return;
    throw error;
  }
  throw new StoreError({
    what: "The store replaces an object that must stay as it is",
    got: `${store.url}/${key} was written twice`,
    expected: "`If-None-Match: *` refuses the second one",
    fix: "Use a server with conditional writes, as AWS, MinIO and versitygw have them",
  });
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
  if ((await store.head(key)) === undefined) throw new ObjectMissing(store.url, key);
  throw new StoreError({
    what: "The store does not list an object that was just written",
    got: `${store.url}/${key}`,
    fix: "Use a store whose lists are consistent, as S3's are",
  });
}
