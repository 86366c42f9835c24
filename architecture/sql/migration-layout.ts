import { basename, dirname } from "node:path";
import type { Source } from "../../common/source";

/** How a tool lays migrations out: in its files' names, and in comments of their own line. */
interface Layout {
  readonly tool: string;
  /** What follows leads forward. */
  readonly up?: RegExp;
  /** What follows leads back, which a rollback runs and no release. */
  readonly down?: RegExp;
  /** Each statement commits by itself. */
  readonly noTransaction?: RegExp;
  /** Names of files that only lead back. */
  readonly downFile?: RegExp;
}

const layouts: readonly Layout[] = [
  {
    tool: "goose",
    up: /^--[ \t]*\+goose[ \t]+up\b/im,
    down: /^--[ \t]*\+goose[ \t]+down\b/im,
    noTransaction: /^--[ \t]*\+goose[ \t]+no[ \t]+transaction\b/im,
  },
  {
    tool: "sql-migrate",
    up: /^--[ \t]*\+migrate[ \t]+up\b/im,
    down: /^--[ \t]*\+migrate[ \t]+down\b/im,
    noTransaction: /^--[ \t]*\+migrate[ \t]+up\b.*\bnotransaction\b/im,
  },
  {
    tool: "dbmate",
    up: /^--[ \t]*migrate:up\b/m,
    down: /^--[ \t]*migrate:down\b/m,
    noTransaction: /^--[ \t]*migrate:up\b.*\btransaction:false\b/m,
  },
  { tool: "node-pg-migrate", up: /^--[ \t]*up migration\b/im, down: /^--[ \t]*down migration\b/im },
  { tool: "sqlx", noTransaction: /^--[ \t]*no-transaction\b/m, downFile: /\.down\.sql$/i },
  { tool: "golang-migrate", downFile: /\.down\.sql$/i },
  { tool: "Flyway", downFile: /^U[\d._]+__.*\.sql$/ },
  { tool: "Atlas", noTransaction: /^--[ \t]*atlas:txmode[ \t]+none\b/m },
  { tool: "Prisma", downFile: /^down\.sql$/i },
];

/** Flyway runs these after all that have a version, each time that they change. */
const repeatable = /^R__.*\.sql$/;
const byNumbers = new Intl.Collator("en", { numeric: true });

/** The migration with what leads back blanked out: every other character stays at its place. */
export function forward(source: Source): Source {
  const { path, text } = source;
  const name = basename(path);
  if (layouts.some(({ downFile }) => downFile?.test(name))) return { path, text: blank(text) };
  const used = layouts.find(({ down }) => down?.test(text));
  if (!used) return source;
  let isDown = false;
  const kept = lines(text).map((line) => {
    if (used.down?.test(line)) isDown = true;
    else if (used.up?.test(line)) isDown = false;
    return isDown ? blank(line) : line;
  });
  return { path, text: kept.join("") };
}

/** Whether a comment of the file tells its tool to run it in no transaction. */
export function saysNoTransaction(text: string): boolean {
  return layouts.some(({ noTransaction }) => noTransaction?.test(text));
}

/** Whether the text of Flyway's file of settings, NAME.sql.conf, says the same of NAME.sql. */
export function configuresNoTransaction(settings: string): boolean {
  return /^[ \t]*executeInTransaction[ \t]*=[ \t]*false\b/im.test(settings);
}

/** The order in which migrations run: by the numbers in their names, what has none of its own last. */
export function byVersion(a: string, b: string): number {
  const [first, second] = [a, b].map((path) => Number(repeatable.test(basename(path))));
  return (first ?? 0) - (second ?? 0) || byNumbers.compare(a, b);
}

/** The folder whose migrations run one after the other: Prisma's have a folder each within it. */
export function folderOf(file: string): string {
  return basename(file) === "migration.sql" ? dirname(dirname(file)) : dirname(file);
}

/** With their ends. */
function lines(text: string): readonly string[] {
  return text.match(/[^\r\n]*(?:\r\n?|\n)|[^\r\n]+$/g) ?? [];
}

function blank(text: string): string {
  return text.replaceAll(/[^\r\n]/g, " ");
}
