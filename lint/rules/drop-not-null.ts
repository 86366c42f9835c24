import { alterations } from "../ddl";
import type { Rule } from "../rule";

export const dropNotNull: Rule = {
  name: "drop-not-null",
  severity: "warning",
  harm: "A running release that relies on the column being there fails on the first row without it.",
  check: (statements, context) =>
    alterations(statements, context)
      .filter(({ command }) => command.subtype === "AT_DropNotNull")
      .map(({ table, command: { name }, at }) => ({
        what: `Readers of \`${table}.${name}\` that expect a value fail on the first NULL`,
        fix: "Release readers that cope with NULL first, then allow it here, with that reason",
        at,
      })),
};
