import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import { type Duration, formatDuration, isShorter } from "../../common/duration";
import type { Problem } from "../../common/problem";
import { type TableName, tableId } from "../postgres/live-tables";
import type { Interval } from "./interval";

type Ages = Pick<PartitionSetInputs, "dropAfter" | "retention">;

/** The ages of a set as they were, perhaps set by hand. */
interface OldAges {
  readonly dropAfter: PartitionSetInputs["dropAfter"];
  readonly retention?: Interval;
}

/** The opt-in of a stack to changed tiers by which cold rows are lost. */
function expireOptIn(name: TableName): string {
  return `expire ${tableId(name)}`;
}

/** The next retention where it drops rows that the old one keeps, as far as the old one can be counted. */
export function shortened(old: Interval | undefined, next: Duration | undefined): Duration | undefined {
  if (!next || !old || "printed" in old) return next;
  return isShorter(next, old) ? next : undefined;
}

/** Reports changes of a set's tiers by which rows in the store are deleted earlier, or are left to nobody. */
export function tierProblems(old: OldAges, next: TableName & Ages, allow: ReadonlySet<string>): Problem[] {
  if (old.dropAfter !== "export" || allow.has(expireOptIn(next))) return [];
  const fix = `or add \`${expireOptIn(next)}\` to tenantry:allow`;
  if (next.dropAfter !== "export") {
    return [
      {
        what: `${tableId(next)} has rows that move to the store, and would have no cold tier any more: no run deletes the files that are there, and no request finds them`,
        got: next.retention ? `only \`retention: ${formatDuration(next.retention)}\`` : "no tiers",
        expected: "`tenantry:store` in the stack, and `tiers` with `hot` or `warm`, and `cold`, in architecture.yaml",
        fix: `put back \`tenantry:store\` and \`tiers\`; ${fix}`,
      },
    ];
  }
  const shorter = shortened(old.retention, next.retention);
  if (!shorter) return [];
  return [
    {
      what: `Rows of ${tableId(next)} that are older than ${formatDuration(shorter)} would be deleted from the store, for good`,
      got: `cold: ${formatDuration(shorter)}`,
      ...(old.retention && !("printed" in old.retention) && { expected: `at least ${formatDuration(old.retention)}` }),
      fix: `keep \`cold\` as it is; ${fix}`,
    },
  ];
}
