import { type Duration, durationMs, formatDuration, sameDuration } from "../../common/duration";
import type { Problem } from "../../common/problem";
import type { Tiers } from "../application";
import type { CatalogForeignKey, CatalogTable } from "../catalog/catalog";
import type { TableDescription } from "../defaults";
import type { Checked } from "./check";

/** Checks the ages of a table's tiers, and that its rows can be kept in files. */
export function checkTiers(checked: Checked, table: CatalogTable, entry: TableDescription | undefined): Problem[] {
  const { partition, tiers } = entry ?? {};
  const { name } = table;
  const place = (...path: string[]) => checked.placeOf("tables", name, ...path);
  const problems: Problem[] = [];
  if (tiers && !partition) {
    problems.push({
      what: `\`${name}\` has tiers, but no partitions that could move through them`,
      fix: "Add `partition: { by: COLUMN, every: 1 month }`, or remove `tiers`",
      at: place("tiers"),
    });
  }
  if (tiers && partition?.retention) {
    problems.push({
      what: `\`${name}\` says twice when its rows are dropped`,
      got: `partition.retention ${formatDuration(partition.retention)}, tiers.cold ${formatDuration(tiers.cold)}`,
      fix: "Remove `partition.retention`: `tiers.cold` is the age at which rows are dropped",
      at: place("partition", "retention"),
    });
  }
  const cold = partition && ageInDatabase(entry) ? checkFiles(checked, table, entry) : [];
  return [...problems, ...checkOrder(checked, name, entry), ...checkInterval(checked, name, entry), ...cold];
}

function agesOf(tiers: TableDescription["tiers"]) {
  return (["hot", "warm", "cold"] as const).flatMap((tier) => (tiers?.[tier] ? [{ tier, age: tiers[tier] }] : []));
}

function checkOrder(checked: Checked, table: string, entry: TableDescription | undefined): Problem[] {
  const ages = agesOf(entry?.tiers);
  return ages.flatMap(({ tier, age }, i) => {
    const before = ages[i - 1];
    if (!before || durationMs(age) > durationMs(before.age)) return [];
    return [
      {
        what: `The tier \`${tier}\` of \`${table}\` ends before \`${before.tier}\` does`,
        got: `${before.tier} ${formatDuration(before.age)}, ${tier} ${formatDuration(age)}`,
        expected: `more than ${formatDuration(before.age)}: a tier ends when a row is that old`,
        fix: `Lengthen \`${tier}\`, or remove \`${before.tier}\``,
        at: checked.placeOf("tables", table, "tiers", tier),
      },
    ];
  });
}

/** A partition moves as a whole, so no tier can be shorter than one. */
function checkInterval(checked: Checked, table: string, entry: TableDescription | undefined): Problem[] {
  const { partition, tiers } = entry ?? {};
  if (!partition) return [];
  const { every, retention } = partition;
  const ages = tiers
    ? agesOf(tiers).map(({ tier, age }) => ({
        path: ["tiers", tier],
        age,
        verb: tier === "cold" ? "be dropped" : `leave the tier \`${tier}\``,
      }))
    : retention
      ? [{ path: ["partition", "retention"], age: retention, verb: "be dropped" }]
      : [];
  return ages
    .filter(({ age }) => durationMs(age) < durationMs(every))
    .map(({ path, age, verb }) => ({
      what: `Rows of \`${table}\` would ${verb} before their partition is full`,
      got: `${path.join(".")} ${formatDuration(age)}, partition.every ${formatDuration(every)}`,
      expected: `at least ${formatDuration(every)}`,
      fix: "Keep rows longer, or make partitions smaller",
      at: checked.placeOf("tables", table, ...path),
    }));
}

/** Checks tables whose cold rows lie in files: what a file's reader, an erasure and a consumer of events need. */
function checkFiles(checked: Checked, table: CatalogTable, entry: TableDescription | undefined): Problem[] {
  const problems: Problem[] = [];
  const { name, columns } = table;
  const seen = new Map<string, string>();
  for (const column of columns.values()) {
    const lower = column.name.toLowerCase();
    const other = seen.get(lower) ?? (lower === periodKey ? periodKey : undefined);
    seen.set(lower, column.name);
    if (other === undefined) continue;
    problems.push({
      what: `Column \`${column.name}\` of \`${name}\` can't be kept in files: ${
        other === periodKey
          ? `their folders have a column \`${periodKey}\``
          : `their readers take it and \`${other}\` for one`
      }`,
      fix: "Choose another name for the column, or remove `hot` and `warm`",
      at: column.at,
    });
  }
  return [...problems, ...checkEvents(checked, name, entry)];
}

/** A consumer may look up the row of an event as long as the topic, or the outbox, keeps the event. */
function checkEvents(checked: Checked, table: string, entry: TableDescription | undefined): Problem[] {
  const { events } = checked.description;
  const age = ageInDatabase(entry);
  const kept = Object.entries(events.aggregates)
    .map(([aggregate, { retention }]) => ({ what: `aggregate \`${aggregate}\``, retention }))
    .concat(Object.keys(events.aggregates).length > 0 ? [{ what: "the outbox", retention: events.retention }] : [])
    .toSorted((a, b) => durationMs(b.retention) - durationMs(a.retention))[0];
  if (!age || !kept || durationMs(age) >= durationMs(kept.retention)) return [];
  return [
    {
      what: `Rows of \`${table}\` would leave the database before the events about them end`,
      got: `tiers ${formatDuration(age)}, ${kept.what} ${formatDuration(kept.retention)}`,
      expected: `at least ${formatDuration(kept.retention)}: a consumer may look up an event's row`,
      fix: "Keep rows longer in `hot` or `warm`, or events shorter",
      at: checked.placeOf("tables", table, "tiers"),
    },
  ];
}

/** The key of the folders in which cold rows lie by period. */
export const periodKey = "period";

/** Checks that the rows of both tables leave the database together, in partitions of the same time. */
export function checkAging(
  table: string,
  entry: TableDescription | undefined,
  key: CatalogForeignKey,
  target: string,
  targetEntry: TableDescription,
): Problem[] {
  const [own, age] = [ageInDatabase(entry), ageInDatabase(targetEntry)];
  const by = targetEntry.partition?.by ?? "";
  const column = key.columns[key.references.columns.indexOf(by)];
  const every = targetEntry.partition?.every;
  const isTogether =
    own && age && sameDuration(own, age) && every && entry?.partition && sameDuration(entry.partition.every, every);
  if (isTogether && column !== undefined && entry.partition?.by === column) return [];
  return [
    {
      what: `Rows of \`${table}\` and the rows of \`${target}\` that they refer to would not leave the database together`,
      got: `\`${table}\` ${described(entry, own)}, \`${target}\` ${described(targetEntry, age)}, foreign key \`${key.name}\``,
      expected: `the same \`every\` and the same age in both, and \`${table}\` partitioned by the column that refers to \`${by}\``,
      fix: "Give both tables the same `partition.every` and tiers, or remove the foreign key",
      at: key.at,
    },
  ];
}

function described(entry: TableDescription | undefined, age: Duration | undefined): string {
  const { partition } = entry ?? {};
  if (!partition) return "has no partitions";
  const every = `by ${partition.by} every ${formatDuration(partition.every)}`;
  return `${every}, ${age ? `in the database for ${formatDuration(age)}` : "never moved to files"}`;
}

/** The age at which a table's rows are dropped; undefined if they are kept. */
export function retentionOf(entry: TableDescription | undefined): Duration | undefined {
  return entry?.tiers?.cold ?? entry?.partition?.retention;
}

/** The age at which rows leave the database for the store; undefined if they never do. */
export function ageInDatabase(entry: TableDescription | undefined): Duration | undefined {
  return entry?.tiers?.warm ?? entry?.tiers?.hot;
}

export function tiersOf(entry: TableDescription | undefined): Tiers | undefined {
  const database = ageInDatabase(entry);
  const { hot, warm, compact } = entry?.tiers ?? {};
  return database && { ...(hot && warm && { hot }), database, ...(compact && { compact }) };
}
