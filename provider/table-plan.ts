import type { Database, Statement } from "./database";
import { type Reader, readerOf, runStatements } from "./statements";

/** What to run for a table, each part in a transaction of its own. */
export interface TablePlan {
  readonly place: readonly Statement[];
  readonly addKeys: readonly Statement[];
  readonly validateKeys: readonly Statement[];
}

/** Looks, does one part of what is missing, and looks again: a run after a kill goes on where the last one was. */
export async function applyParts<Found>(
  database: Database,
  look: (read: Reader) => Promise<Found>,
  plan: (found: Found) => TablePlan,
): Promise<Found> {
  let found = await look(database.query.bind(database));
  // Rows that were there are first spread, and then freed on the coordinator: two rounds of placing.
  for (const part of ["place", "place", "addKeys", "validateKeys"] as const) {
    if (plan(found)[part].length === 0) continue;
    found = await database.transaction(async (client) => {
      const read = readerOf(client);
      await runStatements(client, plan(await look(read))[part]);
      return look(read);
    });
  }
  return found;
}
