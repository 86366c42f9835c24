import { liftForce, reachesWorkers, seeingRows, seesAllRows } from "../postgres/hidden-rows";
import { type TableName, tableId } from "../postgres/live-tables";
import { type Reader, runStatements, type Statement } from "../postgres/sql-statements";
import type { Context } from "../protocol/resource-context";

/** Statements for a table, each list in its own transaction. */
export interface TablePlan {
  readonly place: readonly Statement[];
  readonly addKeys: readonly Statement[];
  readonly validateKeys: readonly Statement[];
}

/** A table, and those that its foreign keys refer to. */
interface PlannedTable extends TableName {
  readonly foreignKeys: readonly { readonly references: TableName }[];
}

/** Existing rows are first distributed, then freed on the coordinator: two rounds of placing. */
const parts = ["place", "place", "addKeys", "validateKeys"] as const;

/** Does one missing part after the other, and reads before and after each, so a run after a kill continues. */
export async function applyParts<Found>(
  context: Context,
  table: PlannedTable,
  look: (read: Reader) => Promise<Found>,
  plan: (found: Found) => TablePlan,
): Promise<Found> {
  const nextOf = (planned: TablePlan, from: number) =>
    parts.findIndex((part, index) => index >= from && planned[part].length > 0);
  for (let from = 0; ; ) {
    let at = -1;
    const found = await settleSeeingRows(context, table, look, (before) => {
      const planned = plan(before);
      at = nextOf(planned, from);
      const part = parts[at];
      return part === undefined ? [] : planned[part];
    });
    from = at + 1;
    if (at < 0 || nextOf(plan(found), from) < 0) return found;
  }
}

/** Rows that are moved, or held against a foreign key, are all rows: also where row level security binds tenantry's login. */
function settleSeeingRows<Found>(
  context: Context,
  { foreignKeys, ...table }: PlannedTable,
  look: (read: Reader) => Promise<Found>,
  plan: (found: Found) => readonly Statement[],
): Promise<Found> {
  const { database } = context;
  const planned = (found: Found) => {
    const statements = plan(found);
    return statements.length === 0 ? [] : [{ sql: `${reachesWorkers}; SET LOCAL ${seesAllRows}` }, ...statements];
  };
  const tables = [table, ...foreignKeys.map(({ references }) => references)];
  const schemas = tables.map(({ schema }) => schema);
  return seeingRows(context, tableId(table), async (lifted) => {
    if (lifted.length === 0) return database.settle(look, planned);
    await database.change(look, async (client, found) => {
      // Also from those of the resource, because Citus makes a table anew under a name that the error has.
      const putBack = await liftForce(client, schemas, [...lifted, ...tables.map((each) => each.table)]);
      await runStatements(client, planned(found));
      await putBack();
    });
    return look(database.query.bind(database));
  });
}
