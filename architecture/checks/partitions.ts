import { type Duration, durationMs, formatDuration } from "../../common/duration";
import type { Problem } from "../../common/problem";
import { listNames, suggest } from "../../common/suggestion";
import type { CatalogTable } from "../catalog/catalog";
import type { TableDescription } from "../defaults";
import { type Checked, kindOf, ownEntry } from "./check";
import { checkPartitionNames } from "./partition-names";
import { checkMoment } from "./tenant-tables";
import { checkTiers } from "./tiers";

const aDay: Duration = { count: 1, unit: "day" };
const timeTypes = ["timestamptz", "timestamp", "date"];

/**
 * Checks that SQL and description declare the same partition sets, and that rows are kept longer than a partition
 * lasts.
 */
export function checkPartitions(checked: Checked): Problem[] {
  const { catalog, description } = checked;
  const problems = [...catalog.tables.values()].flatMap((table) => {
    const entry = ownEntry(description, table.name);
    if (entry?.partition) return checkManaged(checked, table, entry);
    return [...checkTiers(checked, table, entry), ...checkUnmanaged(checked, table)];
  });
  return [...problems, ...checkPartitionNames(checked)];
}

function checkManaged(checked: Checked, table: CatalogTable, entry: TableDescription): Problem[] {
  const { partition } = entry;
  if (!partition) return [];
  const at = checked.placeOf("tables", table.name, "partition");
  const problems: Problem[] = [];
  if (kindOf(checked.description, table.name) !== "tenant") {
    problems.push({
      what: `\`${table.name}\` has a \`partition\`, but is no tenant table`,
      fix: "Remove `partition`, or say `tenant: true`",
      at,
    });
  }
  const column = table.columns.get(partition.by);
  const byAt = checked.placeOf("tables", table.name, "partition", "by");
  if (!column) {
    const meant = suggest(partition.by, table.columns.keys());
    problems.push({
      what: `\`partition.by\` of \`${table.name}\` is not one of its columns`,
      got: partition.by,
      expected: listNames(table.columns.keys()),
      fix: meant ? `Write \`${meant}\`, if that is what you mean` : "Name the column that holds the row's time",
      at: byAt,
    });
  } else if (!timeTypes.includes(column.type)) {
    problems.push({
      what: `\`partition.by\` of \`${table.name}\` is not a time`,
      got: `${partition.by} ${column.type}`,
      expected: "a column of type timestamptz, timestamp or date",
      fix: "Name the column that holds the row's time",
      at: byAt,
    });
  } else if (column.type !== "timestamptz" && durationMs(partition.every) < durationMs(aDay)) {
    problems.push({
      what: `The partitions of \`${table.name}\` are shorter than a day, and its times name no time zone`,
      got: `${partition.by} ${column.type}, every ${formatDuration(partition.every)}`,
      expected:
        "timestamptz, or partitions of a day or more: clocks differ by up to 26 hours, partitions are made by UTC",
      fix: `Make \`${partition.by}\` a timestamptz, or say \`every: 1 day\``,
      at: checked.placeOf("tables", table.name, "partition", "every"),
    });
  } else if (table.partitioning?.strategy !== "range" || table.partitioning.columns.join() !== partition.by) {
    problems.push({
      what: `Table \`${table.name}\` is not partitioned as architecture.yaml says`,
      got: partitioningOf(table),
      expected: `PARTITION BY RANGE (${partition.by})`,
      fix: `Write \`PARTITION BY RANGE (${partition.by})\` behind the table's columns`,
      at: table.at,
    });
  }
  for (const each of table.partitions) {
    problems.push({
      what: `Partition \`${each.name}\` of \`${table.name}\` is made by hand, beside those that pg_partman makes`,
      fix: "Remove the statement: `partition` in architecture.yaml makes them",
      at: each.at,
    });
  }
  return [
    ...problems,
    ...checkNames(checked, table),
    ...checkMoment(table, partition.by, "its partitions are made by it"),
    ...checkTiers(checked, table, entry),
  ];
}

function partitioningOf({ partitioning }: CatalogTable): string {
  return partitioning
    ? `PARTITION BY ${partitioning.strategy.toUpperCase()} (${partitioning.columns.join(", ")})`
    : "no PARTITION BY";
}

/** pg_partman stores `schema.table` as one text. It splits it at the dot, and its maintenance fails on a quote. */
function checkNames({ schema }: Checked, { name, at }: CatalogTable): Problem[] {
  if (!/['.]/.test(name) && !schema.includes("'")) return [];
  return [
    {
      what: `pg_partman cannot keep the partitions of \`${name}\``,
      got: `${schema}.${name}`,
      expected: "a table and a schema without dots and apostrophes",
      fix: "Choose another name",
      at,
    },
  ];
}

function checkUnmanaged({ description }: Checked, table: CatalogTable): Problem[] {
  if (!table.partitioning || kindOf(description, table.name) === "local") return [];
  return [
    {
      what: `Table \`${table.name}\` is partitioned, but architecture.yaml does not say so: nobody would make its partitions`,
      got: partitioningOf(table),
      fix: `Add \`partition: { by: ${table.partitioning.columns[0] ?? "COLUMN"}, every: 1 month }\` to the table, or remove PARTITION BY`,
      at: table.at,
    },
  ];
}
