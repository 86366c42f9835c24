/** One SQL file, parsed. */
export interface SqlFile {
  /** Relative to the project: `sql/ecommerce/010_tenants.sql`. */
  readonly path: string;
  readonly text: string;
  /** SHA-256 of the text, in hexadecimal. */
  readonly hash: string;
  /** False where the file's first line says `-- tenantry: no transaction`, for statements such as CREATE INDEX CONCURRENTLY. */
  readonly transaction: boolean;
  /** What a Migration runs, in order: the file's statements, without the foreign keys that the tables' own resources add. */
  readonly statements: readonly SqlStatement[];
}

export interface SqlStatement {
  readonly sql: string;
  /** From 1, in the file. */
  readonly line: number;
}

/** Whether the path names SQL, in whatever case its ending is written. */
export function isSql(path: string): boolean {
  return /\.sql$/i.test(path);
}

/** Whether the file's first line asks for each statement to commit by itself. */
export function withoutTransaction(text: string): boolean {
  return /^-- tenantry: no transaction[ \t]*([\r\n]|$)/.test(text);
}

/** What a stack lists in `tenantry:allow` for a file that may do what would be refused. A tenant's own path ends in `@TENANT`. */
export function runOptIn(path: string): string {
  return `run ${path.replace(/(\.sql)@.*$/i, "$1")}`;
}
