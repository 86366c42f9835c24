import { type Problem, Problems } from "../common/problem";

/** A store refused or failed. Retrying at once does not help. */
export class StoreError extends Problems {
  constructor(
    readonly problem: Problem,
    cause?: unknown,
  ) {
    super([problem]);
    this.name = new.target.name;
    if (cause !== undefined) this.cause = cause;
  }
}

/** The store's login lacks a right. Requests that need another right may succeed. */
export class RightMissing extends StoreError {}

/** The store has no such object. */
export class ObjectMissing extends StoreError {
  constructor(url: string, key: string) {
    super({
      what: "The store has no such object",
      got: `${url}/${key}`,
      fix: "Restore the object from a backup of the store, or correct the reference to it",
    });
  }
}

/** `ifAbsent` found an object with this key. */
export class ObjectExists extends StoreError {
  constructor(url: string, key: string) {
    super({
      what: "The store has an object with this key already",
      got: `${url}/${key}`,
      fix: "Choose another key, or delete the object",
    });
  }
}

/** A body differs from its SHA-256. */
export class ObjectDamaged extends StoreError {
  constructor(url: string, key: string, sha256: { readonly expected: string; readonly got: string }) {
    super({
      what: `The bytes of ${url}/${key} differ from those that were promised`,
      got: `SHA-256 ${sha256.got}`,
      expected: `SHA-256 ${sha256.expected}`,
      fix: "Restore the object from a backup of the store, or write it again from its source",
    });
  }
}
