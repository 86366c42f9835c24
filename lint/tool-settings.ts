import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { databaseNamed, postgresql } from "./other-databases";

/** The settings of a tool that name the database of the SQL beside or below them. */
interface ToolSettings {
  readonly file: RegExp;
  /** Captures each word that names a database. */
  readonly names: RegExp;
}

const tools: readonly ToolSettings[] = [
  { file: /\.prisma$/, names: /datasource\s+\w+\s*\{[^}]*\bprovider\s*=\s*"([\w-]+)"/g },
  { file: /^migration_lock\.toml$/, names: /^\s*provider\s*=\s*"([\w-]+)"/gm },
  { file: /^_journal\.json$/, names: /"dialect"\s*:\s*"([\w-]+)"/g },
  { file: /^drizzle\.config\.([cm]?[jt]s|json)$/, names: /\b(?:dialect|driver)["']?\s*:\s*["'`]([\w-]+)["'`]/g },
  { file: /^knexfile\.([cm]?[jt]s|json)$/, names: /\b(?:client|dialect)["']?\s*:\s*["'`]([\w-]+)["'`]/g },
  {
    file: /^(ormconfig|data-?source|typeorm(\.config)?)\.([cm]?[jt]s|json)$/i,
    names: /\btype["']?\s*:\s*["'`]([\w-]+)["'`]/g,
  },
  { file: /^mikro-orm\.config\.[cm]?[jt]s$/, names: /@mikro-orm\/([\w-]+)/g },
  { file: /^sqlc\.(ya?ml|json)$/, names: /\bengine["']?\s*:\s*["']?([\w-]+)/g },
  { file: /^(dbconfig|database)\.ya?ml$/, names: /^\s*(?:dialect|adapter)\s*:\s*["']?([\w-]+)/gm },
  { file: /^flyway\.(conf|toml)$/, names: /\bjdbc:([\w-]+):/g },
  { file: /^atlas\.hcl$/, names: /["'/]([\w-]+):\/\/|docker:\/\/([\w-]+)/g },
];
const endsProject = ["package.json", "go.mod", "pom.xml", "build.gradle", "Cargo.toml", "pyproject.toml", ".git"];

/** Reads tools' settings in folders; each folder is read once. */
export class ToolSettingsReader {
  private readonly known = new Map<string, string | undefined>();

  /** The database that the settings in a folder, or in the nearest one above it of the same project, name. */
  databaseOf(folder: string): string | undefined {
    if (this.known.has(folder)) return this.known.get(folder);
    const { own, isTop } = readFolder(folder);
    const parent = dirname(folder);
    const found = own ?? (isTop || parent === folder ? undefined : this.databaseOf(parent));
    this.known.set(folder, found);
    return found;
  }
}

function readFolder(folder: string): { readonly own: string | undefined; readonly isTop: boolean } {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files = names.map((name) => join(folder, name));
  // Drizzle keeps its journal in a folder beside its migrations, Prisma its schema beside the project's files.
  for (const [inner, name] of [
    ["meta", "_journal.json"],
    ["prisma", "schema.prisma"],
  ] as const) {
    if (names.includes(inner)) files.push(join(folder, inner, name));
  }
  const named = files.flatMap(databasesIn);
  const own = named.includes(postgresql) ? postgresql : named[0];
  return { own, isTop: names.some((name) => endsProject.includes(name)) };
}

function databasesIn(file: string): string[] {
  const name = file.slice(dirname(file).length + 1);
  const tool = tools.find((each) => each.file.test(name));
  if (!tool) return [];
  try {
    const text = readFileSync(file, "utf8").replaceAll(/^\s*(\/\/|#).*$/gm, "");
    return [...text.matchAll(tool.names)].flatMap(([, first, second]) => databaseNamed(first ?? second ?? "") ?? []);
  } catch {
    return [];
  }
}
