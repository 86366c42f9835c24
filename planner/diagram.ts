import { formatNumber } from "./format-number";
import { formatValue, type Plan, type PlannedValues } from "./planned";
import { formatAges, formatStorage } from "./tier-plan";

interface Box {
  readonly title: string;
  readonly lines: readonly string[];
}
interface Placed extends Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly tone: Tone;
}
type Tone = "tenant" | "pooler" | "router" | "node" | "reader" | "kafka";

/** Fill and stroke. Dark text is readable on all of them. */
const tones: Readonly<Record<Tone, readonly [fill: string, stroke: string]>> = {
  tenant: ["#eef2ff", "#6366f1"],
  pooler: ["#f5f3ff", "#7c3aed"],
  router: ["#ecfeff", "#0891b2"],
  node: ["#f0fdf4", "#16a34a"],
  reader: ["#fffbeb", "#d97706"],
  kafka: ["#fdf2f8", "#db2777"],
};

const columns = {
  tenants: [40, 190],
  pooler: [270, 190],
  database: [530, 260],
  connect: [870, 230],
  kafka: [1180, 240],
} as const;
const width = 1460;
const top = 150;
const gap = 18;
/** Limit of nodes that are drawn; the diagram shows the number of the others. */
const drawn = 3;

/**
 * The architecture as an SVG, from left to right: tenants, pooler, database, connectors, Kafka. It uses no external
 * fonts or images.
 */
export function renderDiagram({ values, tiers }: Plan): string {
  const nodes = nodesOf(values);
  const silo = values.model.value === "silo";
  const router: Placed[] = silo ? [] : [place(coordinator(values), columns.database, top, "router")];
  const first = below(router.at(-1));
  const placedNodes = stack(nodes, columns.database, first, "node");
  const readers = placedNodes.map((node, index) => ({
    ...place(readerOf(values, index), columns.connect, node.y, "reader"),
    height: node.height,
  }));
  const kafka = stack(kafkaBoxes(values), columns.kafka, top, "kafka");
  const hidden = hiddenNodes(values);
  const end = below(placedNodes.at(-1)) - gap;
  const bottom = Math.max(end + (hidden ? 34 : 0), below(kafka.at(-1)) - gap);
  const middle = (top + bottom) / 2;
  const tenants = place(tenantsBox(values), columns.tenants, 0, "tenant");
  const placedTenants = centred(tenants, middle);
  const pooler = centred(place(poolerBox(values), columns.pooler, 0, "pooler"), middle);
  const entry = router.length > 0 ? router : placedNodes;
  const boxes = [placedTenants, pooler, ...router, ...placedNodes, ...readers, ...kafka];
  const height = bottom + 118;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" role="img" aria-label="${escapeXml(titleOf(values))}">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#64748b"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(40, 44, titleOf(values), { size: 22, weight: 700 }),
    text(40, 70, subtitleOf(values), { size: 14, colour: "#475569" }),
    frame(columns.database, bottom, silo ? `PostgreSQL, ${formatValue(values.databases)}` : "Citus"),
    frame(columns.connect, bottom, `Kafka Connect, ${formatValue(values.connectWorkers)}`),
    frame(columns.kafka, bottom, "Kafka and its consumers"),
    arrow(placedTenants, pooler),
    ...entry.map((box) => arrow(pooler, box)),
    ...router.flatMap((from) => placedNodes.map((to) => branch(from, to))),
    ...placedNodes.map((node, index) => arrow(node, readers[index] ?? node)),
    ...readers.flatMap((reader) => (kafka[0] ? [arrow(reader, kafka[0])] : [])),
    ...kafka.slice(1).flatMap((box, index) => (kafka[index] ? [down(kafka[index], box)] : [])),
    ...boxes.map(renderBox),
    hidden ? text(columns.database[0], end + 26, hidden, { size: 14, weight: 700, colour: "#475569" }) : "",
    hidden ? text(columns.connect[0], end + 26, "a connector for each", { size: 14, colour: "#475569" }) : "",
    text(40, height - 44, legend(values), { size: 13, colour: "#475569" }),
    text(40, height - 22, tierLegend(tiers), { size: 13, colour: "#475569" }),
    "</svg>",
    "",
  ]
    .filter((line, index, all) => line !== "" || index === all.length - 1)
    .join("\n");
}

function titleOf({ model, databases, workers, connectors, brokers }: PlannedValues): string {
  const tenants = { shared: "Shared tables", schema: "A schema per tenant", silo: "A silo per tenant" }[model.value];
  const nodes = model.value === "silo" ? formatValue(databases) : formatValue(workers);
  return `${tenants}: ${nodes}, ${formatValue(connectors)}, ${formatValue(brokers)}`;
}

function subtitleOf({ delivery, replicas, synchronousMode }: PlannedValues): string {
  const zones = replicas.value > 1 ? ", spread over the zones" : "";
  return `${delivery.value} delivery, ${formatValue(replicas)}${zones}, synchronous mode ${synchronousMode.value}`;
}

function poolerBox({ model, poolSize, pooling }: PlannedValues): Box {
  const each = model.value === "silo" ? " a silo" : "";
  return {
    title: "PgBouncer",
    lines: [`${pooling.value} pooling`, `${formatValue(poolSize)}${each}`],
  };
}

function tenantsBox({ model, isolatedTenants }: PlannedValues): Box {
  const title = `${formatNumber(Number(model.inputs.tenants))} tenant${model.inputs.tenants === 1 ? "" : "s"}`;
  switch (model.value) {
    case "silo":
      return { title, lines: ["a database each"] };
    case "schema":
      return { title, lines: ["a schema each"] };
    case "shared": {
      const own = isolatedTenants.value > 0 ? [`${formatNumber(isolatedTenants.value)} on own shards`] : [];
      return { title, lines: ["parted by row security", ...own] };
    }
  }
}

function coordinator({
  coordinatorCores,
  coordinatorMemory,
  coordinatorStorage,
  replicas,
  maxConnections,
}: PlannedValues): Box {
  return {
    title: "Coordinator",
    lines: [
      `${formatValue(coordinatorCores)}, ${formatValue(coordinatorMemory)}`,
      `${formatValue(coordinatorStorage)}, ${pods(replicas.value)}`,
      `max_connections ${formatNumber(maxConnections.value)}`,
    ],
  };
}

function nodesOf(values: PlannedValues): Box[] {
  const silo = values.model.value === "silo";
  const count = silo ? values.databases.value : Math.max(1, values.workers.value);
  const lines = silo
    ? [
        `${formatValue(values.coordinatorCores)}, ${formatValue(values.coordinatorMemory)}`,
        `${formatValue(values.coordinatorStorage)}, ${pods(values.replicas.value)}`,
        ...(values.workers.value > 0 ? [`and ${formatValue({ value: values.workers.value, unit: "workers" })}`] : []),
      ]
    : [
        `${formatValue(values.workerCores)}, ${formatValue(values.workerMemory)}`,
        `${formatValue(values.workerStorage)}, ${pods(values.replicas.value)}`,
        values.model.value === "schema"
          ? `of ${formatNumber(values.shardCount.value)} schemas`
          : `of ${formatNumber(values.shardCount.value)} shards`,
      ];
  return Array.from({ length: Math.min(count, drawn) }, (_, index) => ({
    title: `${silo ? "Silo" : "Worker"} ${index + 1}`,
    lines,
  }));
}

function pods(value: number): string {
  return formatValue({ value, unit: "pods" });
}

function hiddenNodes({ model, databases, workers }: PlannedValues): string {
  const silo = model.value === "silo";
  const more = (silo ? databases.value : workers.value) - drawn;
  return more > 0 ? `and ${formatNumber(more)} more ${silo ? "silo" : "worker"}${more > 1 ? "s" : ""}` : "";
}

function readerOf({ model, maxSlotWalKeepSize }: PlannedValues, index: number): Box {
  const node = `${model.value === "silo" ? "silo" : "worker"} ${index + 1}`;
  return {
    title: `Connector of ${node}`,
    lines: ["slot on the outbox", `keeps up to ${formatValue(maxSlotWalKeepSize)}`],
  };
}

function kafkaBoxes(values: PlannedValues): Box[] {
  return [
    {
      title: `${formatNumber(values.brokers.value)} broker${values.brokers.value === 1 ? "" : "s"}`,
      lines: [`${formatValue(values.brokerStorage)} each`],
    },
    {
      title: "Topic of an aggregate",
      lines: [
        formatValue(values.partitionsPerTopic),
        `${formatValue(values.replicationFactor)}, ${formatNumber(values.minInsyncReplicas.value)} in sync`,
        `kept ${formatValue(values.eventRetention)}`,
      ],
    },
    { title: "Consumers", lines: ["processed_events in the", "transaction of their writes"] },
  ];
}

function legend({ outboxInterval, dataInterval, maxWalSize }: PlannedValues): string {
  return `Outbox partitions of ${outboxInterval.value}, tables by time of ${dataInterval.value}; max_wal_size ${formatValue(maxWalSize)}.`;
}

/** `Rows: hot up to 3 months, 12 GiB, $ 1.2 a month; cold …` */
function tierLegend(tiers: Plan["tiers"]): string {
  return `Rows: ${tiers.map((tier) => `${tier.name} ${formatAges(tier)}, ${formatStorage(tier)}`).join("; ")}.`;
}

function place(box: Box, [x, boxWidth]: readonly [number, number], y: number, tone: Tone): Placed {
  return { ...box, x, y, width: boxWidth, height: 44 + 20 * box.lines.length, tone };
}

function centred(box: Placed, middle: number): Placed {
  return { ...box, y: middle - box.height / 2 };
}

function stack(boxes: readonly Box[], column: readonly [number, number], from: number, tone: Tone): Placed[] {
  const placed: Placed[] = [];
  for (const box of boxes) {
    const last = placed.at(-1);
    placed.push(place(box, column, last ? below(last) : from, tone));
  }
  return placed;
}

function below(box: Placed | undefined): number {
  return box ? box.y + box.height + gap : top;
}

function frame([x, inner]: readonly [number, number], bottom: number, title: string): string {
  const y = top - 46;
  return [
    `<rect x="${x - 18}" y="${y}" width="${inner + 36}" height="${bottom - y + 18}" rx="12" fill="#f8fafc" stroke="#cbd5e1"/>`,
    text(x, top - 18, title, { size: 15, weight: 700, colour: "#334155" }),
  ].join("\n");
}

function renderBox({ x, y, width: boxWidth, height, tone, title, lines }: Placed): string {
  const [fill, stroke] = tones[tone];
  return [
    `<rect x="${x}" y="${y}" width="${boxWidth}" height="${height}" rx="8" fill="${fill}" stroke="${stroke}" stroke-width="1.5"/>`,
    text(x + 14, y + 26, title, { size: 15, weight: 700 }),
    ...lines.map((line, index) => text(x + 14, y + 48 + 20 * index, line, { size: 14, colour: "#334155" })),
  ].join("\n");
}

function arrow(from: Placed, to: Placed): string {
  const startX = from.x + from.width;
  const startY = from.y + from.height / 2;
  const endY = to.y + to.height / 2;
  const bend = (startX + to.x) / 2;
  return `<path d="M${startX} ${startY}C${bend} ${startY} ${bend} ${endY} ${to.x - 2} ${endY}" fill="none" stroke="#64748b" stroke-width="1.5" marker-end="url(#tip)"/>`;
}

/** A line from the coordinator down to a worker, in the margin left of both. */
function branch(from: Placed, to: Placed): string {
  const edge = from.x - 9;
  return `<path d="M${from.x} ${from.y + from.height - 16}H${edge}V${to.y + to.height / 2}H${to.x - 2}" fill="none" stroke="#64748b" stroke-width="1.5" marker-end="url(#tip)"/>`;
}

/** A line from a box to the one below it. */
function down(from: Placed, to: Placed): string {
  const middle = from.x + from.width / 2;
  return `<path d="M${middle} ${from.y + from.height}V${to.y - 2}" fill="none" stroke="#64748b" stroke-width="1.5" marker-end="url(#tip)"/>`;
}

interface TextStyle {
  readonly size: number;
  readonly weight?: number;
  readonly colour?: string;
}

function text(x: number, y: number, content: string, { size, weight = 400, colour = "#0f172a" }: TextStyle): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${colour}">${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
