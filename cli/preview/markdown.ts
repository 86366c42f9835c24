import type { Verb } from "./digest";
import type { Difference, Named, PreviewReport } from "./report";

/** GitHub's limit for a comment on a pull request. */
export const mostCharacters = 65_536;

/** The longest SQL of one resource, and the longest section of dangers or errors. */
const mostOfOne = 8_000;
const mostOfLead = 24_000;
/** Characters kept for the table, however long the SQL is. */
const leastForTable = 12_000;
/** Characters kept for the sentence about the cuts. */
const forCuts = 1_000;

/**
 * Renders the comment: destructive changes first, then SQL, then a table of all changes. Blocks that exceed the limit are left
 * out whole, and the end says how many. By the first line a workflow finds its own comment.
 */
export function renderMarkdown(report: PreviewReport, limit = mostCharacters): string {
  const { stack, errors, destructive, sql, changes, warnings } = report;
  const head = `${markerOf(stack)}\n\n## Preview of ${stack ? code(stack) : "a stack"}\n\n${summary(report)}\n`;
  const rows = changes.map(row);
  let room = limit - head.length - forCuts;
  const take = (title: string, blocks: readonly string[], most: number, noun: string) => {
    const taken = section(title, blocks, Math.min(most, room), noun);
    room -= taken.text.length;
    return taken;
  };
  const sections = [
    take(failed, errors.map(fenced), mostOfLead, "errors"),
    take(caution(destructive.length), destructive.map(dangerLine), mostOfLead, "destructive changes"),
    take("### SQL\n\n", sql.map(sqlBlock), room - Math.min(leastForTable, rows.join("").length), "resources' SQL"),
    take(tableHead, rows, room, "rows"),
    take("### Warnings\n\n", warnings.map(fenced), room, "warnings"),
  ];
  const cuts = sections.flatMap(({ cut }) => cut ?? []);
  const said = `**Cut**, as a comment holds ${limit.toLocaleString("en")} characters: ${cuts.join(", ")}. ${whole}\n`;
  return [head, ...sections.map(({ text }) => text), cuts.length > 0 ? said : ""].filter(Boolean).join("\n");
}

export function markerOf(stack: string | undefined): string {
  return `<!-- tenantry preview${stack ? `: ${stack.replaceAll(/[^\w.-]/g, "")}` : ""} -->`;
}

const failed = "> [!CAUTION]\n> **The preview failed: nothing of this would be applied.**\n\n";
const whole = "`tenantry preview-report --json` has everything.";
const tableHead = "### All changes\n\n| | Type | Name | What |\n|---|---|---|---|\n";

function caution(count: number): string {
  return `> [!CAUTION]\n> **${count} destructive change${count === 1 ? "" : "s"}**\n>\n`;
}

function summary({ counts, unchanged, changes, errors }: PreviewReport): string {
  if (changes.length === 0 && errors.length > 0) return "Failed.";
  if (changes.length === 0) return `Nothing to change; ${unchanged} unchanged.`;
  const parts = (["delete", "replace", "create", "update", "import"] as const).flatMap((verb) =>
    counts[verb] ? [`${counts[verb]} to ${verb}`] : [],
  );
  return `${parts.join(", ")}, ${unchanged} unchanged.`;
}

interface Section {
  readonly text: string;
  readonly cut?: string;
}

/** A section with as many whole blocks as fit. */
function section(title: string, blocks: readonly string[], room: number, noun: string): Section {
  const taken: string[] = [];
  let used = title.length;
  for (const block of blocks) {
    used += block.length + 1;
    if (used > room) break;
    taken.push(block);
  }
  const missing = blocks.length - taken.length;
  return {
    text: blocks.length > 0 ? `${title}${taken.join("")}` : "",
    ...(missing > 0 && { cut: `${missing} of ${blocks.length} ${noun}` }),
  };
}

function dangerLine({ verb, type, name, dangers }: PreviewReport["destructive"][number]): string {
  const reasons = dangers.map((danger) => danger.slice(0, 300));
  return `> - **${verb}** ${code(nounOf(type))} ${code(name)}: ${reasons.join("; ")}\n`;
}

function sqlBlock({ verb, type, name, lines }: PreviewReport["sql"][number]): string {
  const text = cutLines(lines);
  const fence = fenceFor(text);
  const title = `${verb} ${nounOf(type)} <code>${escaped(name)}</code>, ${lines.length} line${lines.length === 1 ? "" : "s"}`;
  return `<details><summary>${title}</summary>\n\n${fence}sql\n${text}\n${fence}\n\n</details>\n\n`;
}

function cutLines(lines: readonly string[]): string {
  let used = 0;
  const fitting = lines.findIndex((line) => {
    used += line.length + 1;
    return used > mostOfOne;
  });
  if (fitting < 0) return lines.join("\n");
  return [...lines.slice(0, fitting), `-- cut here: ${lines.length - fitting} more lines`].join("\n");
}

function row({ verb, type, name, properties }: PreviewReport["changes"][number]): string {
  const what = properties.map(difference).join("<br>");
  return `| ${signs[verb]} ${verb} | ${code(nounOf(type))} | ${code(name)} | ${what} |\n`;
}

const signs: Readonly<Record<Verb, string>> = { create: "+", update: "~", replace: "±", delete: "-", import: "=" };

function difference({ path, from, to }: Difference): string {
  if (from === undefined && to === undefined) return code(path);
  return `${code(path)}: ${from === undefined ? "" : code(from)} → ${to === undefined ? "" : code(to)}`.replace(
    ":  →",
    ": →",
  );
}

/** The last part of a type: `PersistentVolumeClaim` for `kubernetes:core/v1:PersistentVolumeClaim`. */
function nounOf(type: Named["type"]): string {
  return type.split(":").at(-1) ?? type;
}

/** Formats text as code, so that nothing in it counts as Markdown, HTML or a mention, even in a table. */
function code(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 200);
  const fence = "`".repeat(longestRun(oneLine) + 1);
  const pad = oneLine.startsWith("`") || oneLine.endsWith("`") ? " " : "";
  return `${fence}${pad}${oneLine}${pad}${fence}`;
}

function fenced(text: string): string {
  const shown = cutLines(text.split("\n"));
  return `${fenceFor(shown)}text\n${shown}\n${fenceFor(shown)}\n\n`;
}

function fenceFor(text: string): string {
  return "`".repeat(Math.max(3, longestRun(text) + 1));
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
