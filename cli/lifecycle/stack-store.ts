import { Problems } from "../../common/problem";
import type { Settings } from "../../settings/settings";
import { openStore } from "../../store/open-store";
import type { Store } from "../../store/store";

/** The stack's store. @throws Problems where it has none, or it can't be used */
export async function storeOf({ store: settings }: Settings): Promise<Store> {
  if (!settings) {
    throw new Problems([
      {
        what: "The stack has no store, so no row can move",
        expected: "`tenantry:store: { bucket: NAME }` or `{ folder: PATH }` in the stack file",
        fix: "Add it, and run `tenantry up`; without it rows stay in the database until `tiers.cold` ends",
      },
    ]);
  }
  const store = await openStore(settings);
  const problems = await store.check();
  if (problems.length > 0) throw new Problems(problems);
  return store;
}
