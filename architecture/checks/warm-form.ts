import type { Problem } from "../../common/problem";
import type { CatalogTable } from "../catalog/catalog";
import { type Checked, ownEntry } from "./check";

/** Checks that warm partitions can have the form that `tiers.compact` declares. */
export function checkWarmForm(checked: Checked): Problem[] {
  return [...checked.catalog.tables.values()].flatMap((table) => {
    const { tiers } = ownEntry(checked.description, table.name) ?? {};
    const at = (key: string) => checked.placeOf("tables", table.name, "tiers", key);
    const problems: Problem[] = [];
    if (!tiers) return problems;
    const unused = (["compact", "updates"] as const).find((key) => tiers[key] !== undefined);
    if (unused && !(tiers.hot && tiers.warm)) {
      problems.push({
        what: `\`tiers.${unused}\` of \`${table.name}\` is about warm rows, and the table has no tier warm`,
        expected: "`hot` and `warm`: rows are warm from the one age to the other",
        fix: `Add \`hot\` and \`warm\`, or remove \`${unused}\``,
        at: at(unused),
      });
    }
    if (tiers.compact !== "columnar") return problems;
    if (tiers.updates) {
      problems.push({
        what: `Warm rows of \`${table.name}\` can't be columnar and updated: a columnar table takes inserts only`,
        got: "compact: columnar, updates: true",
        fix: "Write `compact: heap`, or remove `updates`",
        at: at("compact"),
      });
    }
    const keys = foreignKeysOf(checked, table);
    if (keys.length > 0) {
      problems.push({
        what: `Warm rows of \`${table.name}\` can't be columnar: a columnar table can't check a foreign key`,
        got: `foreign key ${keys.map((key) => `\`${key}\``).join(", ")}`,
        fix: "Write `compact: heap`, or remove the foreign key",
        at: at("compact"),
      });
    }
    return problems;
  });
}

/** The table's own foreign keys, and those of others to it. */
function foreignKeysOf({ catalog }: Checked, table: CatalogTable): string[] {
  return [...catalog.tables.values()].flatMap((each) =>
    each.foreignKeys
      .filter(({ references }) => each === table || references.table === table.name)
      .map(({ name }) => name),
  );
}
