import { FolderStore } from "./folder-store";
import type { Patience } from "./s3-client";
import type { Store } from "./store";
import { isFolder, type StoreSettings } from "./store-settings";

/** Opens the store of the settings. Connects to nothing yet. */
export async function openStore(settings: StoreSettings, patience: Patience = {}): Promise<Store> {
  if (isFolder(settings)) return new FolderStore(settings);
  // Commands that use no bucket start faster without the AWS client.
  const { S3Store } = await import("./s3-store.js");
  return new S3Store(settings, patience);
}
