import { createHash } from "node:crypto";
import { ObjectMissing } from "../../store/errors";
import type { Store, StoredObject } from "../../store/store";
import { type Finding, fail, judge, warn } from "../finding";
import type { ColdCatalog } from "./cold-catalog";

/** The prefix of all files and manifests of cold rows. */
const coldPrefix = "cold/";
/** Files whose bytes are read completely. Another sample each day. */
const sampled = 5;
/** A run uploads a file before the catalog has it. No run takes longer. */
const uploadMs = 86_400_000;
/** Faults that a finding lists; the others are counted. */
const listed = 5;

/**
 * Compares the store with the catalog: every file is there, as long as it was written, and a sample has the bytes that
 * were verified when it was exported. Warns of objects that the catalog does not know.
 */
export async function checkStore(
  store: Store,
  catalog: ColdCatalog,
  { now, alone }: { readonly now: Date; readonly alone: boolean },
): Promise<Finding[]> {
  const broken = await store.check();
  if (broken.length > 0) {
    return broken.map(({ what, got, fix }) => fail(store.url, `${what}${got ? ` (${got})` : ""}: ${fix}`));
  }
  const found = new Map<string, StoredObject>();
  for await (const object of store.list(coldPrefix)) found.set(object.key, object);
  const wrong = [...differences(catalog, found), ...(await damages(store, catalog, found, now))];
  const seen = `${catalog.files.length} files and ${catalog.manifests.length} manifests, as the catalog has them`;
  return [judge(store.url, shorten(wrong), seen), ...(alone ? strangers(store, catalog, found, now) : [])];
}

function differences({ files, manifests }: ColdCatalog, found: ReadonlyMap<string, StoredObject>): string[] {
  const sizes = files.flatMap(({ key, bytes }) => {
    const object = found.get(key);
    if (!object) return [`${key} is missing`];
    return object.bytes === bytes ? [] : [`${key} has ${object.bytes} bytes, and was written with ${bytes}`];
  });
  return [...sizes, ...manifests.flatMap(({ key }) => (found.has(key) ? [] : [`${key} is missing`]))];
}

/** Reads a sample of files and manifests, and compares their SHA-256. */
async function damages(
  store: Store,
  { files, manifests }: ColdCatalog,
  found: ReadonlyMap<string, StoredObject>,
  now: Date,
): Promise<string[]> {
  const whole = files.filter(({ key, bytes }) => found.get(key)?.bytes === bytes);
  const there = manifests.filter(({ key }) => found.has(key));
  const wrong: string[] = [];
  for (const { key, sha256 } of [...sample(whole, now), ...sample(there, now)]) {
    const got = await sha256Of(store, key);
    if (got === undefined) wrong.push(`${key} is missing`);
    else if (got !== sha256) wrong.push(`${key} has other bytes than were written: SHA-256 ${got}, expected ${sha256}`);
  }
  return wrong;
}

async function sha256Of(store: Store, key: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of await store.get(key)) hash.update(chunk as Buffer);
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined;
    throw error;
  }
  return hash.digest("hex");
}

/** Evenly spread, beginning at another place each day. */
function sample<T>(all: readonly T[], now: Date): T[] {
  if (all.length <= sampled) return [...all];
  const day = Math.floor(+now / 86_400_000);
  const step = all.length / sampled;
  return Array.from({ length: sampled }, (_, i) => all[Math.floor(day + i * step) % all.length] as T);
}

/** Objects that no catalog row names, as a killed run or somebody's hand leaves them. They cost space, and no row is lost. */
function strangers(
  store: Store,
  { files, manifests }: ColdCatalog,
  found: ReadonlyMap<string, StoredObject>,
  now: Date,
): Finding[] {
  const known = new Set([...files, ...manifests].map(({ key }) => key));
  const unknown = [...found.values()].filter(({ key, storedAt }) => !known.has(key) && +now - +storedAt > uploadMs);
  if (unknown.length === 0) return [];
  const keys = shorten(unknown.map(({ key }) => key)).join(", ");
  return [warn(store.url, `the catalog does not know ${keys}: nobody reads them, and no run deletes them`)];
}

function shorten(faults: readonly string[]): string[] {
  if (faults.length <= listed) return [...faults];
  return [...faults.slice(0, listed), `and ${faults.length - listed} more`];
}
