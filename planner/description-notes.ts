import type { Description } from "../architecture/description";
import { type Duration, durationMs, formatDuration } from "../common/duration";
import { formatNumber } from "./format-number";
import { intervalDuration } from "./partition-plan";
import type { PlannedValues } from "./planned";

/**
 * Notes where architecture.yaml sets less than the plan, and the cost of that. What architecture.yaml sets wins; the
 * plan fills in the rest.
 */
export function descriptionNotes({ tables, events }: Description, values: PlannedValues): string[] {
  const { partitionsPerTopic, eventRetention, dataInterval } = values;
  const notes: string[] = [];
  const topicHours = eventRetention.value;
  for (const [name, { partitions, retention }] of Object.entries(events.aggregates)) {
    if (partitions !== undefined && partitions < partitionsPerTopic.value) {
      notes.push(
        `architecture.yaml gives the topic of \`${name}\` ${formatNumber(partitions)} partitions, the plan ${formatNumber(partitionsPerTopic.value)} ` +
          "if it took all events: consumers may not catch up at the peak. Leave `partitions` out, and it has as many.",
      );
    }
    if (retention && hours(retention) < topicHours) {
      notes.push(
        `architecture.yaml keeps events of \`${name}\` for ${formatDuration(retention)}, the plan for ${formatNumber(topicHours)} hours: ` +
          "a consumer that is away for longer has lost events.",
      );
    }
  }
  const planned = durationMs(intervalDuration(dataInterval.value));
  const longer = Object.entries(tables).flatMap(([name, { partition }]) =>
    partition?.every && durationMs(partition.every) > planned
      ? [`\`${name}\` (${formatDuration(partition.every)})`]
      : [],
  );
  if (longer.length > 0) {
    notes.push(
      `architecture.yaml makes partitions longer than the plan's ${dataInterval.value}: ${longer.join(", ")}. ` +
        "If such a table takes all rows, dropping comes later and vacuum takes longer.",
    );
  }
  return notes;
}

function hours(duration: Duration): number {
  return durationMs(duration) / 3_600_000;
}
