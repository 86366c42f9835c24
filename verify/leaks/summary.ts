import { type Finding, fail, pass, warn } from "../finding";
import type { Verdict } from "./answer";
import type { LeakQuery } from "./query";

/** Query that ran, with its role and its verdict. */
export interface Asked {
  readonly role: string;
  readonly query: LeakQuery;
  readonly verdict: Verdict;
}

/** Facts about the run. */
export interface Run {
  /** The application's name. */
  readonly subject: string;
  readonly seed: number;
  /** Tables with a row of the tenant that the role may read. */
  readonly expected: readonly { readonly role: string; readonly relation: string }[];
  /** Tables in which no row could be made, each with why. */
  readonly rowless: readonly string[];
}

/**
 * Share of answered queries below which a run proves nothing, because a database that refuses everything leaks
 * nothing.
 */
const leastShare = 0.25;

/** Returns a finding for each relation that leaks or hides its tenant's own rows, then one for the whole run. */
export function summarise({ subject, seed, expected, rowless }: Run, asked: readonly Asked[]): readonly Finding[] {
  const leaking = asked.filter(({ verdict }) => verdict.kind === "leak");
  const found = leaks(leaking);
  const named = new Set(found.map((finding) => finding.subject));
  const findings = [
    ...found,
    ...unseen(
      asked,
      expected.filter(({ relation }) => !named.has(relation)),
    ),
  ];
  const share = count(asked, "own") / Math.max(1, asked.length);
  const sums = sumUp(asked, seed);
  if (leaking.length > 0) return [...findings, fail(subject, `${leaking.length} of ${sums}`)];
  if (share < leastShare && rowless.length > 0) {
    const why = `no row could be made in ${rowless.join("; in ")}`;
    return [...findings, warn(subject, `${sums}: too few showed any row for this to prove something: ${why}`)];
  }
  if (share < leastShare) {
    return [...findings, fail(subject, `${sums}: too few showed any row for this to prove something`)];
  }
  const odd = asked.filter(({ verdict }) => verdict.kind === "refused" && refusalOf(verdict.code) === other);
  if (odd.length > 0) {
    const [first] = odd;
    const code = first?.verdict.kind === "refused" ? first.verdict.code : "";
    return [
      ...findings,
      warn(subject, `${sums}; ${odd.length} met an unexpected error, first ${code}: ${sqlOf(first)}`),
    ];
  }
  return [...findings, pass(subject, `no other tenant in the answers to ${sums}`)];
}

const count = (asked: readonly Asked[], kind: Verdict["kind"]) =>
  asked.filter(({ verdict }) => verdict.kind === kind).length;

function sumUp(asked: readonly Asked[], seed: number): string {
  const roles = [...new Set(asked.map(({ role }) => role))].join(", ");
  const shapes = new Set(asked.map(({ query }) => query.shape)).size;
  const refusals = new Map<string, number>();
  for (const { verdict } of asked) {
    if (verdict.kind !== "refused") continue;
    const why = refusalOf(verdict.code);
    refusals.set(why, (refusals.get(why) ?? 0) + 1);
  }
  const refused = [...refusals].toSorted(([, a], [, b]) => b - a).map(([why, times]) => `${times} ${why}`);
  const outcomes = [
    `${count(asked, "own")} showed own rows`,
    `${count(asked, "rows")} counts, plans or shared rows`,
    `${count(asked, "none")} nothing`,
    `${count(asked, "refused")} refused${refused.length > 0 ? ` (${refused.join(", ")})` : ""}`,
  ];
  return `${asked.length.toLocaleString("en")} queries of ${shapes} kinds as ${roles}, seed ${seed}: ${outcomes.join(", ")}`;
}

const other = "other";

/** Expected errors, by PostgreSQL's error classes. */
function refusalOf(code: string): string {
  if (code === "42501") return "by privilege or policy";
  if (code === "0A000" || code === "XX000") return "not supported";
  if (code === "57014") return "too slow";
  if (code === "P0001") return "raised";
  if (code.startsWith("22")) return "by a value";
  if (code.startsWith("23")) return "by a constraint";
  // A prepared statement that was never made, a currval without nextval, a temporary function that workers don't have.
  if (["26000", "55000", "42P16", "3F000"].includes(code)) return "by the session";
  return other;
}

/** Leaks by relation. A join's leak is attributed to its relation that leaks alone. */
function leaks(leaking: readonly Asked[]): readonly Finding[] {
  const alone = new Set(leaking.flatMap(({ query }) => (query.relations.length === 1 ? query.relations : [])));
  const groups = new Map<string, Asked[]>();
  for (const each of leaking) {
    const guilty = each.query.relations.filter((relation) => alone.has(relation));
    for (const subject of guilty.length > 0 ? guilty : [each.query.relations.join(", ")]) {
      groups.set(subject, [...(groups.get(subject) ?? []), each]);
    }
  }
  return [...groups]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([subject, group]) => fail(subject, describe(group)));
}

function describe(group: readonly Asked[]): string {
  const [first] = group.toSorted((a, b) => sqlOf(a).length - sqlOf(b).length);
  const roles = [...new Set(group.map(({ role }) => role))].join(", ");
  const shapes = [...new Set(group.map(({ query }) => query.shape))];
  const shown = shapes.length > 6 ? [...shapes.slice(0, 6), `${shapes.length - 6} more kinds`] : shapes;
  const how = first?.verdict.kind === "leak" ? first.verdict.how : "";
  return `${roles} learn of another tenant by ${group.length} queries (${shown.join(", ")}): ${how}: ${sqlOf(first)}`;
}

/** The query on one line, cut if it is long. */
function sqlOf(asked: Asked | undefined): string {
  const sql = asked?.query.steps.map((step) => step.sql.replaceAll(/\s+/g, " ").trim()).join("; ") ?? "";
  return sql.length > 300 ? `${sql.slice(0, 300)} …` : sql;
}

/** Number of tries needed to judge a table by its answers, because some show no known value. */
const fewestTries = 8;

/** Finds tables that never show their own rows: they would pass every other test. */
function unseen(asked: readonly Asked[], expected: Run["expected"]): readonly Finding[] {
  const key = (role: string, relation: string) => `${role} ${relation}`;
  const tries = new Map<string, number>();
  const seen = new Set<string>();
  for (const { role, query, verdict } of asked) {
    const [relation, more] = query.relations;
    if (relation === undefined || more !== undefined || query.context === "none") continue;
    if (verdict.kind === "own") seen.add(key(role, relation));
    const reads = !query.empty && !query.twin && verdict.kind !== "refused";
    if (reads) tries.set(key(role, relation), (tries.get(key(role, relation)) ?? 0) + 1);
  }
  return expected
    .filter(({ role, relation }) => !seen.has(key(role, relation)))
    .filter(({ role, relation }) => (tries.get(key(role, relation)) ?? 0) >= fewestTries)
    .map(({ role, relation }) => fail(relation, `no query as ${role} showed the row that its tenant has`));
}
