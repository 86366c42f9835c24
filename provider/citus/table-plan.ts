import type { Database } from "../postgres/database";
import type { Reader, Statement } from "../postgres/sql-statements";

/** What to run for a table, each part in a transaction of its own. */
export interface TablePlan {
  readonly place: readonly Statement[];
  readonly addKeys: readonly Statement[];
  readonly validateKeys: readonly Statement[];
}

/** Rows that were there are first spread, and then freed on the coordinator: two rounds of placing. */
const parts = ["place", "place", "addKeys", "validateKeys"] as const;

/** Does one missing part after the other, and looks before and after each: a run after a kill goes on where the last one was. */
export async function applyParts<Found>(
  database: Database,
  look: (read: Reader) => Promise<Found>,
  plan: (found: Found) => TablePlan,
): Promise<Found> {
  const nextOf = (planned: TablePlan, from: number) =>
    parts.findIndex((part, index) => index >= from && planned[part].length > 0);
  for (let from = 0; ; ) {
    let at = -1;
    const found = await database.settle(look, (before) => {
      const planned = plan(before);
      at = nextOf(planned, from);
      const part = parts[at];
      return part === undefined ? [] : planned[part];
    });
    from = at + 1;
    if (at < 0 || nextOf(plan(found), from) < 0) return found;
  }
}
