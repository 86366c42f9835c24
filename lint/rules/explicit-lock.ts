import { forEachMigrating } from "../ddl";
import type { Rule } from "../rule";
import { holdsTenants, shownName } from "../tenant-relations";

export const explicitLock: Rule = {
  name: "explicit-lock",
  severity: "error",
  harm: "A lock that a file takes by itself holds every tenant up until the file ends.",
  refuses: true,
  aboutFiles: true,
  check: (statements, context) =>
    forEachMigrating(statements, context, ({ node }, at) => {
      if (!("LockStmt" in node)) return [];
      return (node.LockStmt.relations ?? []).flatMap((each) => {
        if (!("RangeVar" in each) || !holdsTenants(context, each.RangeVar)) return [];
        const what = `LOCK holds everybody up who uses ${shownName(each.RangeVar.relname)}, until the file ends`;
        return [{ what, fix: "Remove it: each statement takes the lock that it needs", at }];
      });
    }),
};
