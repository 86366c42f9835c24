import { forEachMigrating } from "../ddl";
import type { Rule } from "../rule";
import { holdsTenants, shownName } from "../tenant-relations";

export const explicitLock: Rule = {
  name: "explicit-lock",
  severity: "error",
  harm: "A file that takes a lock blocks every tenant until the file ends.",
  refuses: true,
  aboutFiles: true,
  check: (statements, context) =>
    forEachMigrating(statements, context, ({ node }, at) => {
      if (!("LockStmt" in node)) return [];
      return (node.LockStmt.relations ?? []).flatMap((each) => {
        if (!("RangeVar" in each) || !holdsTenants(context, each.RangeVar)) return [];
        const what = `LOCK blocks everybody who uses ${shownName(each.RangeVar.relname)} until the file ends`;
        return [{ what, fix: "Remove it: each statement takes the lock that it needs", at }];
      });
    }),
};
