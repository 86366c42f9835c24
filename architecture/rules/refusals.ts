import { withBuiltNames } from "../built-text";
import { descriptionSchema } from "../description";
import type { Problem } from "../problem";
import { runningFile } from "../running-statements";
import type { Source } from "../source";
import { runOptIn } from "../sql-file";
import { parseSql } from "../sql-parser";
import { parseYaml } from "../yaml-file";
import { bypassRlsRole } from "./bypass-rls-role";
import { contextOf, readTables } from "./context";
import { dropDatabase } from "./drop-database";
import { explicitLock } from "./explicit-lock";
import { isolationChanged } from "./isolation-changed";
import { privilegeOutsideDescription } from "./privilege-outside-description";
import { publicationForAllTables } from "./publication-for-all-tables";
import { refusedByCitusRule } from "./refused-by-citus";
import { refusedOnPartitioned } from "./refused-on-partitioned";
import { rowSecurityDisabled } from "./row-security-disabled";
import { rowsLeaveIsolation } from "./rows-leave-isolation";
import type { Rule } from "./rule";
import { securityDefiner } from "./security-definer";
import { sessionSetting } from "./session-setting";
import { tenantRowsDeleted } from "./tenant-rows-deleted";
import { truncateCascade } from "./truncate-cascade";

/** The rules whose findings stop a preview too: a list of its own, as a program has no time to load all of them. */
export const refusingRules: readonly Rule[] = [
  bypassRlsRole,
  dropDatabase,
  explicitLock,
  isolationChanged,
  privilegeOutsideDescription,
  publicationForAllTables,
  refusedByCitusRule,
  refusedOnPartitioned,
  rowSecurityDisabled,
  rowsLeaveIsolation,
  securityDefiner,
  sessionSetting,
  tenantRowsDeleted,
  truncateCascade,
];

/**
 * What the files of an application would do to isolation, privileges and tenants' rows, as far as it can be read, unless
 * the stack allows a file to, and what Citus refuses, where `citus` is a stack that needs it. PostgreSQL's parser must be loaded. Nothing of what can't be read at all: that has problems
 * of its own.
 */
export function refusals(
  application: string,
  yaml: Source,
  sql: readonly Source[],
  { allow, citus }: { readonly allow: ReadonlySet<string>; readonly citus?: string },
): Problem[] {
  const described = parseYaml(yaml, { schema: descriptionSchema, noun: "The description" });
  if (Array.isArray(described)) return [];
  const description = described.value;
  const files = sql.map(parseSql).map(runningFile);
  const needsCitus = citus !== undefined || description.citus === "required";
  const tables = readTables(files, description.schema ?? application, description, { application, citus: needsCitus });
  return files
    .filter(({ source }) => !allow.has(runOptIn(source.path)))
    .flatMap((file) => {
      const context = contextOf(file, tables, true);
      const found = refusingRules.flatMap(({ check }) => check?.(file.statements, context) ?? []);
      return found
        .map(({ what, fix, at }) => ({ what: withBuiltNames(what), fix: `${fix}; ${wayOut(file.source)}`, at }))
        .toSorted((a, b) => (a.at.line ?? 0) - (b.at.line ?? 0));
    });
}

function wayOut({ path }: Source): string {
  return `or, if it is meant or was applied long ago, add \`${runOptIn(path)}\` to tenantry:allow`;
}
