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
        fix: "Drop the column in a later release, once nothing uses it, and allow it here with that reason",
        at,
      })),
};
