import type { Problem } from "../../common/problem";
import { listNames, suggest } from "../../common/suggestion";
import { type Checked, isWritable, kindOf } from "./check";

/** Checks that roles name existing tables, and write only tables that an application may write. */
export function checkRoles(checked: Checked): Problem[] {
  return Object.keys(checked.description.roles).flatMap((role) => [
    ...checkTables(checked, role, "reads"),
    ...checkTables(checked, role, "writes"),
  ]);
}

function checkTables({ catalog, description, placeOf }: Checked, role: string, verb: "reads" | "writes"): Problem[] {
  const tables = description.roles[role]?.[verb];
  if (tables === undefined || tables === "all") return [];
  return tables.flatMap((name, index): Problem[] => {
    const at = placeOf("roles", role, verb, String(index));
    if (!catalog.tables.has(name)) {
      const meant = suggest(name, catalog.tables.keys());
      return [
        {
          what: `Role \`${role}\` ${verb} \`${name}\`, which is no table`,
          expected: listNames(catalog.tables.keys()),
          fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Correct the name, or remove it",
          at,
        },
      ];
    }
    const kind = kindOf(description, name);
    if (kind === "local") {
      const what = `Role \`${role}\` ${verb} the local table \`${name}\`: roles are about tenants' and reference data`;
      return [{ what, fix: "Remove it here, and write GRANT in a SQL file", at }];
    }
    if (verb === "writes" && !isWritable(description, name)) {
      const what = `Role \`${role}\` writes \`${name}\`, but reference tables change by SQL files only`;
      return [{ what, fix: "Move it to `reads`, or call the table `shared` in place of `reference`", at }];
    }
    return [];
  });
}
