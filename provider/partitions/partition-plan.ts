import type { PartitionSetInputs } from "../../architecture/data-plane/declaration";
import type { TableName } from "../postgres/live-tables";
import type { Reader, Statement } from "../postgres/sql-statements";
import {
  type ExportAges,
  exportAgesOf,
  exportLater,
  exportNoMore,
  readExportAges,
  sameAges,
} from "./exported-partitions";
import { guard, readGuardedRetention, unguard } from "./guarded-retention";
import { type Interval, parseInterval, sameInterval } from "./interval";
import { readFaults, takeOver } from "./partition-faults";
import { configure, createParent, forget, maintain, type Partman, readConfig } from "./partman";

/** Partition set as found in pg_partman's and the toolkit's tables. */
export interface FoundPartitionSet {
  readonly by: string;
  readonly every: Interval;
  readonly ahead: number;
  readonly retention: Interval | undefined;
  readonly guardedRetention: Interval | undefined;
  /** @default not exported */
  readonly exported?: ExportAges | undefined;
  readonly maintained: boolean;
  readonly template: string | undefined;
  /** @default none */
  readonly faults?: readonly string[];
  /**
   * True if pg_partman's routines are its own again, as after an update, and this role may replace them. @default
   * false
   */
  readonly isForeign?: boolean;
}

export async function readPartitionSet(
  read: Reader,
  name: TableName,
  partman: Partman,
): Promise<FoundPartitionSet | undefined> {
  const { sql, values } = readConfig(name, partman);
  const [config] = await read<{
    control: string;
    every: string;
    ahead: number;
    retention: string | null;
    template: string | null;
    maintained: boolean;
  }>(sql, values);
  if (!config) return undefined;
  const [guardedRetention, exported, faults] = await Promise.all([
    readGuardedRetention(read, name),
    readExportAges(read, name),
    readFaults(read, name),
  ]);
  return {
    by: config.control,
    every: parseInterval(config.every),
    ahead: config.ahead,
    retention: config.retention === null ? undefined : parseInterval(config.retention),
    guardedRetention,
    exported,
    maintained: config.maintained,
    template: config.template ?? undefined,
    ...faults,
  };
}

/** Statements that turn the found set into the wanted one. */
export function planPartitionSet(
  next: PartitionSetInputs,
  found: FoundPartitionSet | undefined,
  partman: Partman,
): readonly Statement[] {
  const guarded = next.dropAfter === "slots" ? next.retention : undefined;
  const statements: Statement[] = [];
  if (!found) statements.push(createParent(next, partman));
  if (!found || differs(next, found)) statements.push(configure(next, partman));
  if (!sameInterval(found?.guardedRetention, guarded)) {
    statements.push(guarded === undefined ? unguard(next) : guard(next, guarded));
  }
  const exported = exportAgesOf(next);
  if (!sameAges(found?.exported, exported)) {
    statements.push(exported === undefined ? exportNoMore(next) : exportLater(next, exported));
  }
  if (found?.isForeign) statements.push(takeOver);
  if (found && (found.ahead < next.ahead || !found.maintained || found.isForeign || found.faults?.length)) {
    statements.push(maintain(next, partman));
  }
  return statements;
}

export function planDelete(
  name: TableName,
  { guardedRetention, exported, template }: Pick<FoundPartitionSet, "guardedRetention" | "exported" | "template">,
  partman: Partman,
): readonly Statement[] {
  return [
    ...(guardedRetention ? [unguard(name)] : []),
    ...(exported ? [exportNoMore(name)] : []),
    ...forget(name, template, partman),
  ];
}

function differs(next: PartitionSetInputs, found: FoundPartitionSet): boolean {
  const retention = next.dropAfter === "retention" ? next.retention : undefined;
  return found.ahead !== next.ahead || !sameInterval(found.retention, retention) || !found.maintained;
}
