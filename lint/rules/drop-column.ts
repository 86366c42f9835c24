import { alterations } from "../ddl";
import type { Rule } from "../rule";

export const dropColumn: Rule = {
  name: "drop-column",
  severity: "error",
  harm: "A column that is dropped while the running release reads or writes it makes every such statement fail.",
  check: (statements, context) =>
    alterations(statements, context)
      .filter(({ command }) => command.subtype === "AT_DropColumn")
      .map(({ table, command: { name }, at }) => ({
        what: `Dropping column \`${table}.${name}\` breaks every running release that reads or writes it`,
        fix: "Write it as a schema change, which drops the column once nothing uses it: `tenantry evolve draft FILE` writes the file; or allow it here with the reason",
        at,
      })),
};
