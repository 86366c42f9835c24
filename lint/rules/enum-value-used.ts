import { usedTooEarly } from "../../architecture/catalog/enum-value-use";
import type { Rule } from "../rule";

export const enumValueUsed: Rule = {
  name: "enum-value-used",
  severity: "error",
  harm: "PostgreSQL refuses an enum's new value until the transaction that added it has committed: the migration fails.",
  aboutFiles: true,
  check: (statements, { transaction, tables }) => (transaction ? usedTooEarly(statements, tables) : []),
};
