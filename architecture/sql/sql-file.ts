/** One SQL file, parsed. */
export interface SqlFile {
  /** Path relative to the project: `sql/ecommerce/010_tenants.sql`. */
  readonly path: string;
  readonly text: string;
  /** SHA-256 of the text, in hexadecimal. */
  readonly hash: string;
  /**
   * False if the file's first line is `-- tenantry: no transaction`, for statements such as CREATE INDEX CONCURRENTLY.
   */
  readonly transaction: boolean;
  /** The statements that a Migration runs, in order, without the foreign keys that the tables' own resources add. */
  readonly statements: readonly SqlStatement[];
}

export interface SqlStatement {
  readonly sql: string;
  /** From 1, in the file. */
  readonly line: number;
}

/** True if the path ends in `.sql`, in lower or upper case. */
export function isSql(path: string): boolean {
  return /\.sql$/i.test(path);
}

/** True if the file's first line makes each statement commit by itself. */
export function withoutTransaction(text: string): boolean {
  return /^-- tenantry: no transaction[ \t]*([\r\n]|$)/.test(text);
}

/**
 * The entry of `tenantry:allow` that lets a file run although it would be rejected. A tenant's path ends in `@TENANT`.
 */
export function runOptIn(path: string): string {
  return `run ${path.replace(/(\.sql)@.*$/i, "$1")}`;
}
