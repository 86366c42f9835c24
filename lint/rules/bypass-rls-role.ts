import { forEachStatement } from "../ddl";
import type { Rule } from "../rule";

export const bypassRlsRole: Rule = {
  name: "bypass-rls-role",
  severity: "error",
  harm: "A role with BYPASSRLS or SUPERUSER sees every tenant's rows, whatever the policies say.",
  refuses: true,
  check: (statements) =>
    forEachStatement(statements, ({ node }, at) => {
      const options =
        "CreateRoleStmt" in node
          ? node.CreateRoleStmt.options
          : "AlterRoleStmt" in node
            ? node.AlterRoleStmt.options
            : [];
      return (options ?? []).flatMap((each) => {
        if (!("DefElem" in each)) return [];
        const { defname = "", arg } = each.DefElem;
        const given = arg && "Boolean" in arg && arg.Boolean.boolval;
        if (!given || (defname !== "bypassrls" && defname !== "superuser")) return [];
        const what = `${defname.toUpperCase()} lets the role read and write every tenant's rows`;
        return [{ what, fix: "Remove the attribute, and grant the role the tables it needs", at }];
      });
    }),
};
