import { strings } from "../../architecture/catalog/table-definition";
import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const enumValueOrder: Rule = {
  name: "enum-value-order",
  severity: "warning",
  harm: "Enum values sort by their position: one that is added without a place goes last, whatever it means.",
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      if (!("AlterEnumStmt" in node)) return [];
      const { typeName, newVal, oldVal, newValNeighbor } = node.AlterEnumStmt;
      if (newVal === undefined || oldVal !== undefined || newValNeighbor !== undefined) return [];
      return [
        {
          what: `Value \`${newVal}\` of \`${strings(typeName).at(-1)}\` sorts after all others, for good`,
          fix: "Say where it belongs: ADD VALUE … BEFORE or AFTER another",
          at,
        },
      ];
    }),
};
