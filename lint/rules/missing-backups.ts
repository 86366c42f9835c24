import type { Rule } from "../rule";

const forms = '`backups: Velero, every 6 hours, kept 30 days`, or `backups: "none: REASON"`';

export const missingBackups: Rule = {
  name: "missing-backups",
  severity: "error",
  harm: "Replicas repeat a mistake within milliseconds; what no backup holds is gone. tenantry makes none itself.",
  checkStack({ stack, get, placeOf }) {
    if (get("kubernetes") === undefined) return [];
    const backups = get("kubernetes", "backups");
    if (backups === undefined) {
      const what = `Stack \`${stack}\` does not say who backs its volumes up`;
      return [{ what, fix: `Write ${forms}`, at: placeOf("kubernetes") }];
    }
    if (!/^none:?\s*$/.test(String(backups))) return [];
    const what = `Stack \`${stack}\` has no backups, and does not say why that may be`;
    return [{ what, fix: `Write ${forms}`, at: placeOf("kubernetes", "backups") }];
  },
};
