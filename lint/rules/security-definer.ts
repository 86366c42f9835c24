import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const securityDefiner: Rule = {
  name: "security-definer",
  severity: "error",
  harm: "A SECURITY DEFINER function reads with its owner's rights, past every policy if the owner is a superuser.",
  refuses: true,
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      const options =
        "CreateFunctionStmt" in node
          ? node.CreateFunctionStmt.options
          : "AlterFunctionStmt" in node
            ? node.AlterFunctionStmt.actions
            : [];
      const definer = options?.some(
        (each) =>
          "DefElem" in each &&
          each.DefElem.defname === "security" &&
          each.DefElem.arg &&
          "Boolean" in each.DefElem.arg &&
          each.DefElem.arg.Boolean.boolval,
      );
      if (!definer) return [];
      return [
        {
          what: "SECURITY DEFINER runs with its owner's rights: row level security does not restrict its caller",
          fix: "Write SECURITY INVOKER, and grant the caller what it needs",
          at,
        },
      ];
    }),
};
