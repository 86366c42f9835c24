import { dirname } from "node:path";
import type { Problem } from "../common/problem";
import type { Source } from "../common/source";
import { lintConfigurationName } from "./lint-configuration";
import { databaseOfPackage, databaseOfPath, databaseOfSyntax, isPostgres, postgresql } from "./other-databases";

/** What a file's surroundings say about its database. */
export interface Surroundings {
  /** The database that tenantry-lint.yaml gives a path. */
  configured(file: string): string | undefined;
  /** The database that the settings of a tool in a folder, or above it, name. */
  ofTools(folder: string): string | undefined;
}

interface FileOnDisk {
  readonly file: string;
  readonly source: Source;
}

/** The other databases of SQL files that form one sequence, by path; files for PostgreSQL are left out. */
export function databasesOfSql(files: readonly FileOnDisk[], surroundings: Surroundings): Map<string, string> {
  const found = new Map<string, string>();
  const bySyntax: string[] = [];
  const unknown: FileOnDisk[] = [];
  for (const each of files) {
    const said = ofSurroundings(each, surroundings);
    const used = said ?? databaseOfSyntax(each.source.text);
    if (used !== undefined && used !== postgresql) found.set(each.source.path, used);
    if (said === undefined && used === undefined) unknown.push(each);
    else if (said === undefined && used !== undefined) bySyntax.push(used);
  }
  // Most files of a sequence show by their syntax which database it is for; the others need none of it.
  const [first] = bySyntax;
  if (first !== undefined && bySyntax.length >= unknown.length) {
    for (const { source } of unknown) if (!isPostgres(source.text)) found.set(source.path, first);
  }
  return found;
}

/** The other database of code that may hold SQL; undefined for PostgreSQL, and if nothing says. */
export function databaseOfCode(file: FileOnDisk, surroundings: Surroundings): string | undefined {
  const { text } = file.source;
  if (!/["'`]\s*(select|insert|update|delete|with|create|alter|drop)\s/i.test(text)) return undefined;
  const imported = [...text.matchAll(/\b(?:from|require\(|import\()\s*["']([^"'.][^"']*)["']/g)].flatMap(
    ([, name = ""]) => databaseOfPackage(name) ?? [],
  );
  const found = imported.includes(postgresql) ? postgresql : (imported[0] ?? ofSurroundings(file, surroundings));
  return found === postgresql ? undefined : found;
}

function ofSurroundings({ file, source }: FileOnDisk, { configured, ofTools }: Surroundings): string | undefined {
  return configured(file) ?? databaseOfPath(source.path) ?? ofTools(dirname(file));
}

/** The note that lint has not judged the SQL of these files, by database. */
export function otherDatabases(paths: ReadonlyMap<string, string>): Problem[] {
  if (paths.size === 0) return [];
  const byDatabase = new Map<string, string[]>();
  for (const [path, database] of paths) byDatabase.set(database, [...(byDatabase.get(database) ?? []), path]);
  const shown = [...byDatabase].map(([database, [first = "", ...others]]) => {
    const more = others.length === 0 ? "" : others.length === 1 ? " and 1 other" : ` and ${others.length} others`;
    return `${database}: ${first}${more}`;
  });
  return [
    {
      what: "These files are for another database than PostgreSQL, so lint has not judged their SQL",
      got: shown.join("; "),
      expected: "SQL for PostgreSQL",
      fix: `If they are for PostgreSQL, list them under \`databases.postgresql\` in ${lintConfigurationName}; to silence this note, list them under \`exclude\``,
    },
  ];
}
