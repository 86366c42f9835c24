import { type Problem, renderProblem } from "../common/problem";
import { allRules, type Linted } from "./linted";
import { pageOf } from "./rule";

export const formats = ["text", "json", "sarif", "github"] as const;
export type Format = (typeof formats)[number];

/** Findings in a format for people, programs, code scanners or GitHub workflows; ends in a line feed unless empty. */
export function renderFindings(findings: readonly Linted[], format: Format): string {
  switch (format) {
    case "text":
      return renderText(findings);
    case "json":
      return `${JSON.stringify(findings.map(toJson), undefined, 2)}\n`;
    case "sarif":
      return `${JSON.stringify(toSarif(findings), undefined, 2)}\n`;
    case "github":
      return findings.map((finding) => `${toCommand(finding)}\n`).join("");
  }
}

function renderText(findings: readonly Linted[]): string {
  if (findings.length === 0) return "Nothing found.\n";
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const problems = findings.map((finding) =>
    [
      renderProblem(toProblem(finding)),
      `  rule:     ${finding.rule} (${finding.severity}): ${pageOf(finding.rule)}`,
    ].join("\n"),
  );
  return `${problems.join("\n\n")}\n\n${count(errors, "error")}, ${count(findings.length - errors, "warning")}\n`;
}

function toProblem({ what, fix, at }: Linted): Problem {
  return { what, fix, at };
}

function toJson({ rule, severity, what, fix, at: { file, line, column } }: Linted) {
  return { rule, severity, file, line, column, what, fix, page: pageOf(rule) };
}

/** SARIF 2.1.0 for GitHub's code scanning and editors. */
function toSarif(findings: readonly Linted[]) {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "tenantry",
            rules: allRules.map(({ name, harm, severity }) => ({
              id: name,
              shortDescription: { text: harm },
              help: { text: pageOf(name) },
              defaultConfiguration: { level: severity },
            })),
          },
        },
        results: findings.map(({ rule, severity, what, fix, at: { file, line = 1, column = 1 } }) => ({
          ruleId: rule,
          level: severity,
          message: { text: `${what}. ${fix}.` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file },
                region: { startLine: line, startColumn: column },
              },
            },
          ],
        })),
      },
    ],
  };
}

/** A workflow command, which GitHub shows beside the line. */
function toCommand({ rule, severity, what, fix, at: { file, line = 1, column = 1 } }: Linted): string {
  const properties = Object.entries({ file, line, col: column, title: rule });
  const listed = properties.map(
    ([key, value]) => `${key}=${escaped(String(value)).replace(/[:,]/g, encodeURIComponent)}`,
  );
  return `::${severity} ${listed.join(",")}::${escaped(`${what}. ${fix}.`)}`;
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
