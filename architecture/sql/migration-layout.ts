import { basename, dirname } from "node:path";
import type { Node } from "libpg-query";
import type { Source } from "../../common/source";
import { outsideTransaction } from "./outside-transaction";

/** A tool's layout of migrations: the names of its files, and its marker comments. */
interface Layout {
  readonly tool: string;
  /** Marks the start of statements that migrate forward. */
  readonly up?: RegExp;
  /** Marks the start of statements that migrate back, which run only in a rollback. */
  readonly down?: RegExp;
  /** Marks a file whose statements each commit by themselves. */
  readonly noTransaction?: RegExp;
  /** Names of rollback files. */
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

/** Flyway runs these whenever they change, after all files with a version. */
const repeatable = /^R__.*\.sql$/;
/** Flyway names files by version or as repeatable, in front of two underscores. */
const flywayFile = /^(V[\d._]+|R)__.*\.sql$/;
const prismaFile = "migration.sql";
const byNumbers = new Intl.Collator("en", { numeric: true });

/** The migration with its rollback part blanked out. All other characters keep their positions. */
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

/** True if a comment of the file tells its tool to run it without a transaction. */
export function saysNoTransaction(text: string): boolean {
  return layouts.some(({ noTransaction }) => noTransaction?.test(text));
}

/** True for a migration of Prisma, which begins no transaction: the file may begin its own. */
export function isOfPrisma(path: string): boolean {
  return basename(path) === prismaFile;
}

/**
 * True if the tool runs these statements, which no transaction may hold, without one, though nothing asks it to. Flyway
 * does so if the file has no others. PostgreSQL runs the text that Prisma sends in one transaction unless it is a single
 * statement.
 */
export function runsOutsideTransaction(path: string, statements: readonly { readonly node: Node }[]): boolean {
  const isLeft = isOfPrisma(path) ? statements.length === 1 : flywayFile.test(basename(path)) && statements.length > 0;
  return isLeft && statements.every(({ node }) => outsideTransaction(node) !== undefined);
}

/** True if Flyway's settings file, NAME.sql.conf, turns off the transaction of NAME.sql. */
export function configuresNoTransaction(settings: string): boolean {
  return /^[ \t]*executeInTransaction[ \t]*=[ \t]*false\b/im.test(settings);
}

/** Compares migrations by the order in which they run: by the numbers in their names, and repeatable ones last. */
export function byVersion(a: string, b: string): number {
  const [first, second] = [a, b].map((path) => Number(repeatable.test(basename(path))));
  return (first ?? 0) - (second ?? 0) || byNumbers.compare(a, b);
}

/** The folder whose migrations form one sequence. Prisma's migrations each have a subfolder of it. */
export function folderOf(file: string): string {
  return basename(file) === prismaFile ? dirname(dirname(file)) : dirname(file);
}

/** The lines of a text, with their line ends. */
function lines(text: string): readonly string[] {
  return text.match(/[^\r\n]*(?:\r\n?|\n)|[^\r\n]+$/g) ?? [];
}

function blank(text: string): string {
  return text.replaceAll(/[^\r\n]/g, " ");
}
