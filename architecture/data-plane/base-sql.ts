import { quoteIdentifier, quoteLiteral } from "../../common/identifier";
import { type Problem, refuseIfAny } from "../../common/problem";
import { hashOf, lineAt, placeAt, type Source } from "../../common/source";
import type { Application } from "../application";
import { eventsSchema, replicationPrefix } from "../application-names";
import { text } from "../catalog/deferred-foreign-keys";
import { fileNumber } from "../checks/file-names";
import { type SqlFile, withoutTransaction } from "../sql/sql-file";
import { type ParsedSql, parseSql } from "../sql/sql-parser";
import { coldTables } from "./cold-requests";

/**
 * Parses the toolkit's own SQL after it has filled in the variables as psql would: `:"name"` as an identifier,
 * `:'name'` as a literal, `:name` as it is. The hash is that of the result, so another tenant column gives another
 * hash. A tenant's schema gets only the files about its events, and the shared part gets all others.
 *
 * @throws Problems with SQL that can't be read, and with unknown variables
 */
export function parseBase(application: Application, sources: readonly Source[]): SqlFile[] {
  const variables = baseVariables(application);
  const problems: Problem[] = [];
  const files = sources
    .filter((source) => isFor(application, source))
    .toSorted((a, b) => fileNumber(a.path) - fileNumber(b.path))
    .flatMap((source): SqlFile[] => {
      const filled = { path: source.path, text: substitute(source, variables, problems) };
      const parsed = parseSql(filled);
      problems.push(...parsed.problems);
      return [toFile(parsed)];
    });
  refuseIfAny(problems);
  return files;
}

function isFor({ scope }: Application, { text }: Source): boolean {
  return scope?.model !== "schema" || /:"?events\b/.test(text) === (scope.tenant !== undefined);
}

function baseVariables(application: Application): ReadonlyMap<string, string> {
  const { schema, tenant, cold } = application;
  return new Map([
    ["application", replicationPrefix(application)],
    ["events", eventsSchema(application)],
    ["column", tenant.column],
    ["type", tenant.type],
    ["root_schema", schema],
    ["root_table", tenant.table],
    ["cold_tables", `{${coldTables(application).map(quoteIdentifier).join(",")}}`],
    ["open_cold_requests", String(cold.openRequests)],
  ]);
}

/** Fills in variables. Unlike psql, it does so inside function bodies too, where most of the variables are. */
function substitute(source: Source, variables: ReadonlyMap<string, string>, problems: Problem[]): string {
  return source.text.replaceAll(/::|:(?:"([a-z_]+)"|'([a-z_]+)'|([a-z_]+)\b)/g, (given, ...found) => {
    const [identifier, literal, bare, offset] = found as [string?, string?, string?, number?];
    const name = identifier ?? literal ?? bare;
    if (name === undefined) return given;
    const value = variables.get(name);
    if (value === undefined) {
      if (bare === undefined) problems.push(unknownVariable(source, given, offset ?? 0, variables));
      return given;
    }
    if (identifier !== undefined) return quoteIdentifier(value);
    return literal === undefined ? value : quoteLiteral(value);
  });
}

function unknownVariable(
  source: Source,
  given: string,
  offset: number,
  variables: ReadonlyMap<string, string>,
): Problem {
  return {
    what: "There is no such variable",
    got: given,
    expected: [...variables.keys()].join(", "),
    fix: "Use one of these",
    at: placeAt(source, offset),
  };
}

function toFile({ source, statements }: ParsedSql): SqlFile {
  return {
    path: source.path,
    text: source.text,
    hash: hashOf(source.text),
    transaction: !withoutTransaction(source.text),
    statements: statements.map((statement) => ({
      sql: text(statement),
      line: lineAt(source, statement.start),
    })),
  };
}
