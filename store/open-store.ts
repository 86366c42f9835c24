import { StoreError } from "./errors";
import { FolderStore } from "./folder-store";
import type { Patience } from "./s3-client";
import type { Store } from "./store";
import { isFolder, type StoreSettings } from "./store-settings";

/** Opens the store of the settings. Connects to nothing yet. */
export async function openStore(settings: StoreSettings, patience: Patience = {}): Promise<Store> {
  if (isFolder(settings)) return new FolderStore(settings);
  const { S3Store } = loadS3Store();
  return new S3Store(settings, patience);
}

/**
 * Loads the AWS client only here, because commands that use no bucket start faster without it. `import()` would fail: the
 * loader that compiles a checkout supports only `require`.
 */
function loadS3Store() {
  try {
    return require("./s3-store") as typeof import("./s3-store");
  } catch (error) {
    return explainMissing(error);
  }
}

/** A project that uses the client without buckets need not install the AWS client. */
function explainMissing(error: unknown): never {
  const { code = "", message = "" } = error as NodeJS.ErrnoException;
  if (!/MODULE_NOT_FOUND/.test(code)) throw error;
  throw new StoreError({
    what: "A store in a bucket needs the packages of the AWS client",
    got: message.split("\n")[0] ?? "",
    fix: "Run `npm install @aws-sdk/client-s3@3.1169.0 @aws-sdk/lib-storage@3.1169.0 @aws-sdk/s3-request-presigner@3.1169.0`",
  });
}
