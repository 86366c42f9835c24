import { StoreError } from "./errors";

/** The accepted form, for error messages. */
export const keyExpected =
  "names separated by `/`, none of them empty, `.` or `..`, each at most 240 bytes, without control characters, at most 900 bytes in all";

/** True if folders and object stores accept the key, and lead it to the same object. */
export function isKey(key: string): boolean {
  return (
    Buffer.byteLength(key) <= 900 &&
    Buffer.from(key).toString() === key &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that keys can't hold.
    !/[\u0000-\u001f\u007f\\]/.test(key) &&
    key.split("/").every((name) => name !== "" && name !== "." && name !== ".." && Buffer.byteLength(name) <= 240)
  );
}

/** @throws StoreError for a key that not every store accepts */
export function refuseBadKey(key: string): void {
  if (isKey(key)) return;
  throw new StoreError({
    what: "This is no key of an object",
    got: JSON.stringify(key.slice(0, 200)),
    expected: keyExpected,
    fix: "Encode the key's parts (encodeURIComponent), or shorten them",
  });
}
