import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { loadApplication } from "../../architecture/application-loader";
import { fileNumber } from "../../architecture/checks/file-names";
import { loadSqlParser, parseSql } from "../../architecture/sql/sql-parser";
import { Problems } from "../../common/problem";
import { readSourceFile } from "../../common/source-file";
import { type DraftedChange, draftChanges } from "./drafted-change";

/** Writes the schema changes for a SQL file beside it, in the folder `changes`. */
export async function draft(file: string, { print }: { readonly print?: true }): Promise<void> {
  const path = resolve(file);
  if (!existsSync(path)) throw new Problems([noFile(file)]);
  await loadSqlParser();
  const source = readSourceFile(path, relative(process.cwd(), path));
  const { statements, problems } = parseSql(source);
  if (problems.length > 0) throw new Problems(problems);
  const schema = await schemaOf(dirname(path));
  const drafted = draftChanges(statements, schema);
  if (drafted.length === 0) throw new Problems([nothingToDraft(source.path)]);
  if (print) {
    process.stdout.write(drafted.map(render).join("---\n"));
    return;
  }
  const folder = join(dirname(path), "changes");
  mkdirSync(folder, { recursive: true });
  let number = nextNumber(dirname(path), folder);
  for (const change of drafted) {
    const name = `${String(number).padStart(3, "0")}_${change.name}.yaml`;
    writeFileSync(join(folder, name), render(change), { flag: "wx" });
    process.stdout.write(`${relative(process.cwd(), join(folder, name))}\n`);
    number += 1;
  }
  process.stdout.write(
    `Correct what is marked TODO, remove those statements from ${source.path}, then \`tenantry evolve start\`.\n`,
  );
}

function render({ change, notes }: DraftedChange): string {
  return `${notes.map((note) => `# TODO: ${note}\n`).join("")}${stringify(change, { lineWidth: 0 })}`;
}

/** The schema of the application beside the file; undefined if it can't be loaded, as with a half-written migration. */
async function schemaOf(folder: string): Promise<string | undefined> {
  if (!existsSync(join(folder, "architecture.yaml"))) return undefined;
  return loadApplication(folder).then(
    ({ application }) => application.schema,
    () => undefined,
  );
}

function nextNumber(...folders: readonly string[]): number {
  const names = folders.flatMap((folder) => readdirSync(folder));
  const numbers = names.map(fileNumber).filter(Number.isFinite);
  return Math.floor(Math.max(0, ...numbers) / 10) * 10 + 10;
}

function noFile(file: string) {
  return {
    what: "There is no such file",
    got: basename(file),
    fix: "Name the SQL file that renames, drops or retypes columns",
  };
}

function nothingToDraft(path: string) {
  return {
    what: "No statement of the file renames, drops or retypes a column",
    expected: "ALTER TABLE … RENAME COLUMN, DROP COLUMN or ALTER COLUMN … TYPE",
    fix: "Apply it as it is, or see docs/schema-changes.md",
    at: { file: path },
  };
}
