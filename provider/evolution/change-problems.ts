import { type Phase, phaseNumber, phases } from "../../architecture/changes/phase";
import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { formatDuration } from "../../common/duration";
import type { Problem } from "../../common/problem";

/** Phases are not skipped, because each relies on the one before; and nothing brings dropped columns back. */
export function stepProblems(next: SchemaChangeInputs, from: Phase | undefined): readonly Problem[] {
  const step = phaseNumber(next.phase) - phaseNumber(from);
  if (step === 0 || step === 1) return [];
  if (step === -1 && from !== "contract") return [];
  const [before, after] = [phases[phaseNumber(from) - 2], phases[phaseNumber(from)]];
  const fix =
    from === "contract"
      ? "the old columns are dropped: write a new schema change"
      : `write \`${after ?? from}\` under tenantry:changes, and run \`up\` for each phase`;
  return [
    {
      what: `The schema change ${next.change} can't go from ${from ?? "its start"} to ${next.phase}`,
      got: next.phase,
      expected: [from, after, from === "contract" ? undefined : before]
        .filter((phase) => phase !== undefined)
        .join(" or "),
      fix,
    },
  ];
}

export function optInProblems(next: SchemaChangeInputs, allow: ReadonlySet<string>): readonly Problem[] {
  if (next.phase !== "contract" || next.drop.length === 0 || allow.has(`contract ${next.change}`)) return [];
  return [
    {
      what: `The phase contract of ${next.change} drops columns with their values`,
      got: next.drop.map(({ name }) => `${next.schema}.${next.table}.${name}`).join(", "),
      fix: `add \`contract ${next.change}\` to tenantry:allow, once no release uses them`,
    },
  ];
}

export function definitionChanged(next: SchemaChangeInputs, phase: Phase): Problem {
  return {
    what: "This schema change was edited after it had begun",
    got: `${next.change}, in the phase ${phase}`,
    expected: "the table, columns, types and expressions with which it began",
    fix: `restore it (\`git log -p -- ${next.path}\`); or take it back to expand, remove it from tenantry:changes, run \`up\`, and begin again`,
    at: { file: next.path },
  };
}

export function notBack({ change }: SchemaChangeInputs, phase: Phase): Problem {
  return {
    what: `The schema change ${change} can't be removed in the middle: rows would stay half changed`,
    got: `phase ${phase}`,
    expected: "expand, or contract",
    fix: `write it back under tenantry:changes, go back phase by phase to \`expand\`, then remove it`,
  };
}

export function tooEarly({ change, soak }: SchemaChangeInputs, ends: Date): Problem {
  return {
    what: `The phase contract of ${change} comes too early: readers switched less than ${formatDuration(soak)} ago`,
    expected: `${ends.toISOString()} or later`,
    fix: "wait until then, or shorten `soak` in the change's file",
  };
}

export function inUse({ change, schema, table, drop }: SchemaChangeInputs, dependents: readonly string[]): Problem {
  return {
    what: `Columns that ${change} drops are still used in the database`,
    got: `${drop.map(({ name }) => `${schema}.${table}.${name}`).join(", ")} by ${dependents.join("; ")}`,
    fix: "replace these in a SQL file first, so that they use the new columns",
  };
}

export function stillRuns({ change }: SchemaChangeInputs, queries: readonly string[]): Problem {
  const shown = queries.slice(0, 3).map((query) => query.replaceAll(/\s+/g, " ").trim().slice(0, 200));
  return {
    what: `${queries.length} statement(s) that name columns which ${change} drops ran since the readers switched`,
    got: shown.join("; "),
    fix: "find the release that sends them and replace it; then go back to backfill and to switch-reads again, from where statements are counted anew",
  };
}
