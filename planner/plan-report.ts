import { framedTable } from "../common/table";
import { formatNumber } from "./format-number";
import {
  formatValue,
  type Plan,
  type Planned,
  type PlannedTier,
  type PlannedValues,
  type Value,
  type ValueName,
} from "./planned";
import { assumptionsOf } from "./rates";
import { formatStorage, formatTierReason } from "./tier-plan";

interface Section {
  readonly title: string;
  readonly rows: readonly (readonly [label: string, name: ValueName])[];
}

/** Every value once, in reading order. */
export const sections: readonly Section[] = [
  {
    title: "Tenants",
    rows: [
      ["Sharding model", "model"],
      ["Databases", "databases"],
      ["Shards", "shardCount"],
      ["Tenants on own shards", "isolatedTenants"],
    ],
  },
  {
    title: "Nodes of a database",
    rows: [
      ["Workers", "workers"],
      ["Worker: cores", "workerCores"],
      ["Worker: memory", "workerMemory"],
      ["Worker: storage", "workerStorage"],
      ["Coordinator: cores", "coordinatorCores"],
      ["Coordinator: memory", "coordinatorMemory"],
      ["Coordinator: storage", "coordinatorStorage"],
      ["Replicas", "replicas"],
      ["Synchronous mode", "synchronousMode"],
    ],
  },
  {
    title: "Log and connections",
    rows: [
      ["max_wal_size", "maxWalSize"],
      ["max_slot_wal_keep_size", "maxSlotWalKeepSize"],
      ["Pooling", "pooling"],
      ["Pool", "poolSize"],
      ["max_connections", "maxConnections"],
    ],
  },
  {
    title: "Partitions of tables",
    rows: [
      ["Outbox", "outboxInterval"],
      ["Tables by time", "dataInterval"],
    ],
  },
  {
    title: "Events",
    rows: [
      ["Delivery", "delivery"],
      ["Connectors and slots", "connectors"],
      ["Connect", "connectWorkers"],
      ["Brokers", "brokers"],
      ["Broker: storage", "brokerStorage"],
      ["Replication factor", "replicationFactor"],
      ["min.insync.replicas", "minInsyncReplicas"],
      ["Partitions a topic", "partitionsPerTopic"],
      ["Retention", "eventRetention"],
    ],
  },
];

/** The plan for a terminal: values and reasons. */
export function planTable({ values, tiers, warnings, rates }: Plan): string {
  const table = framedTable({
    head: ["", "Plan", "Why"],
    colWidths: [28, 24, 66],
    wordWrap: true,
  });
  for (const { title, rows } of sections) {
    table.push([{ colSpan: 3, content: title.toUpperCase() }]);
    for (const [label, name] of shownRows(rows, values)) {
      const planned: Planned = values[name];
      table.push([`  ${label}`, `${formatValue(planned)}${planned.overridden ? " *" : ""}`, planned.reason]);
    }
  }
  table.push([{ colSpan: 3, content: "TIERS OF TABLES BY TIME" }]);
  for (const tier of tiers) {
    table.push([`  ${tierLabel(tier)}`, formatStorage(tier), formatTierReason(tier)]);
  }
  const costs = overriddenCosts(values);
  return [
    table.toString(),
    ...(costs.length > 0
      ? ["", "* Set by the stack, and what that costs:", ...costs.map((cost) => `  - ${cost}`)]
      : []),
    ...(warnings.length > 0 ? ["", "To know:", ...warnings.map((warning) => `  - ${warning}`)] : []),
    "",
    "Counted with:",
    ...assumptionsOf(rates).map((assumption) => `  - ${assumption}`),
    "",
  ].join("\n");
}

/** The plan for programs: every value with its formula and inputs. */
export function planJson(plan: Plan): string {
  return `${JSON.stringify(plan, undefined, 2)}\n`;
}

/** The plan for a document: value, reason and formula, with the inputs of each. */
export function planMarkdown({ values, tiers, warnings, rates }: Plan): string {
  const lines: string[] = [];
  for (const { title, rows } of sections) {
    lines.push(`### ${title}`, "", "| | Plan | Why | Formula | From |", "|---|---|---|---|---|");
    for (const [label, name] of shownRows(rows, values)) {
      const planned: Planned = values[name];
      const { reason, formula, overridden } = planned;
      const value = `**${formatValue(planned)}**${overridden ? " (set by the stack)" : ""}`;
      lines.push(`| ${[label, value, reason, formula, renderInputs(planned.inputs)].map(cell).join(" | ")} |`);
    }
    lines.push("");
  }
  lines.push("### Tiers of tables by time", "", "| | Storage | Why | Formula | From |", "|---|---|---|---|---|");
  for (const tier of tiers) {
    const columns = [
      tierLabel(tier),
      `**${formatStorage(tier)}**`,
      formatTierReason(tier),
      tier.formula,
      renderInputs(tier.inputs),
    ];
    lines.push(`| ${columns.map(cell).join(" | ")} |`);
  }
  lines.push("");
  const costs = overriddenCosts(values);
  if (costs.length > 0) lines.push("### What the stack's own values cost", "", ...costs.map((cost) => `- ${cost}`), "");
  if (warnings.length > 0) lines.push("### To know", "", ...warnings.map((warning) => `- ${warning}`), "");
  lines.push("### Counted with", "", ...assumptionsOf(rates).map((assumption) => `- ${assumption}`), "");
  return lines.join("\n");
}

function tierLabel({ name }: PlannedTier): string {
  return `${name[0]?.toUpperCase()}${name.slice(1)} rows`;
}

/** Leaves out the workers' sizes if there are no workers. */
function shownRows(rows: Section["rows"], { workers }: PlannedValues): Section["rows"] {
  return rows.filter(
    ([, name]) => workers.value > 0 || !["workerCores", "workerMemory", "workerStorage"].includes(name),
  );
}

function overriddenCosts(values: PlannedValues): string[] {
  return sections.flatMap(({ rows }) =>
    rows.flatMap(([label, name]) => {
      const { overridden } = values[name];
      return overridden ? [`${label}: ${overridden.cost}.`] : [];
    }),
  );
}

function renderInputs(inputs: Readonly<Record<string, Value>>): string {
  return Object.entries(inputs)
    .map(([name, value]) => `${name}: ${typeof value === "number" ? formatNumber(value) : value}`)
    .join(", ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
