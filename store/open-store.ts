import { StoreError } from "./errors";
import { FolderStore } from "./folder-store";
import type { Store } from "./store";
import { isFolder, type StoreSettings } from "./store-settings";

/** Opens the store of the settings. Connects to nothing yet. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  if (isFolder(settings)) return new FolderStore(settings);
  throw new StoreError({
    what: "Buckets can't be used yet",
    got: settings.bucket,
    fix: "Write `tenantry:store: { folder: PATH }`",
  });
}
