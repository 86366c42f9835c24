import { alterations } from "../ddl";
import type { Rule } from "../rule";

export const dropNotNull: Rule = {
  name: "drop-not-null",
  severity: "warning",
  harm: "A running release that expects a value in the column fails on the first NULL.",
  check: (statements, context) =>
    alterations(statements, context)
      .filter(({ command }) => command.subtype === "AT_DropNotNull")
      .map(({ table, command: { name }, at }) => ({
        what: `Readers of \`${table}.${name}\` that expect a value fail on the first NULL`,
        fix: "First release readers that accept NULL, then allow it here with that reason",
        at,
      })),
};
