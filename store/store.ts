import type { Readable } from "node:stream";
import type { Duration } from "../common/duration";
import type { Problem } from "../common/problem";

/** An object in a store. */
export interface StoredObject {
  /** Without the store's prefix. */
  readonly key: string;
  readonly bytes: number;
  /** The time at which the store received it, by the store's clock. */
  readonly storedAt: Date;
}

export interface PutOptions {
  /** SHA-256 that the body must have, in hexadecimal. @default the body's own */
  readonly sha256?: string;
  /** True if an object with this key must stay as it is. @default false: the body replaces it */
  readonly ifAbsent?: boolean;
  /** @default "application/octet-stream" */
  readonly contentType?: string;
}

/** The bytes to store, or the file that holds them. */
export type Body = Buffer | { readonly path: string };

/**
 * An object store or a folder.
 *
 * Keys are relative to the store's prefix: names separated by `/`, as `keyProblem` in `store/key.ts` describes.
 * Every method retries failures that pass, and throws a `StoreError` for the others.
 */
export interface Store {
  /** `s3://BUCKET/PREFIX` or `file:///FOLDER/PREFIX`, without secrets. */
  readonly url: string;
  /**
   * Stores the whole body. The object is durable when this returns; readers never see a part of it.
   *
   * @returns the object with the SHA-256 of its body
   * @throws ObjectExists if the object exists and `ifAbsent` is true
   * @throws ObjectDamaged if the body does not have the SHA-256 of the options
   */
  put(key: string, body: Body, options?: PutOptions): Promise<StoredObject & { readonly sha256: string }>;
  /** @throws ObjectMissing */
  get(key: string): Promise<Readable>;
  /**
   * Writes the object to a file, whole or not at all.
   *
   * @throws ObjectMissing
   */
  download(key: string, path: string): Promise<void>;
  /** Undefined if there is no such object. */
  head(key: string): Promise<StoredObject | undefined>;
  /** Lists the objects whose keys begin with the prefix, sorted by the bytes of their keys. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Deletes the objects that exist. */
  delete(keys: readonly string[]): Promise<void>;
  /** A URL that reads the object for a time, without a login. A folder has none. */
  signedUrl?(key: string, lifetime: Duration): Promise<string>;
  /** Reads, writes and deletes a probe, and returns each reason for which the store can't be used. */
  check(): Promise<readonly Problem[]>;
}
