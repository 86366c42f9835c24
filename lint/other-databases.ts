import { basename, dirname } from "node:path";

/** The names of a database in settings, folders, packages and URLs, in lower case. */
const databases: readonly { readonly name: string; readonly words: readonly string[]; readonly syntax?: RegExp }[] = [
  {
    name: "MySQL",
    words:
      "mysql mysql2 mariadb mysql-core singlestore planetscale planetscale-serverless tidb vitess aurora-mysql".split(
        " ",
      ),
    syntax:
      /`\w[^`\n]*`|\bAUTO_INCREMENT\b|\)\s*ENGINE\s*=\s*(InnoDB|MyISAM|MEMORY|ARCHIVE|CSV)\b|\bON\s+DUPLICATE\s+KEY\s+UPDATE\b|^[ \t]*(DELIMITER[ \t]+\S+|USE[ \t]+\w+;)[ \t\r]*$/im,
  },
  {
    name: "SQLite",
    words: (
      "sqlite sqlite3 better-sqlite3 better-sqlite libsql turso d1 d1-http sqlite-core bun-sqlite expo-sqlite op-sqlite " +
      "durable-sqlite"
    ).split(" "),
    syntax: /\bAUTOINCREMENT\b|^[ \t]*PRAGMA[ \t]+\w+|\)\s*WITHOUT\s+ROWID\b|\bINSERT\s+OR\s+(IGNORE|REPLACE)\b/im,
  },
  {
    name: "ClickHouse",
    words: ["clickhouse", "clickhouse-http"],
    syntax:
      /\bENGINE\s*=?\s*\w*(MergeTree|Kafka|Distributed|Null|Log|Memory)\b\s*(\(|;|ORDER|$)|\bLowCardinality\s*\(|\bON\s+CLUSTER\b/im,
  },
  {
    name: "SQL Server",
    words: ["mssql", "sqlserver", "tedious", "mssql-core", "sql-server"],
    syntax: /\[dbo\]|^[ \t]*GO[ \t\r]*$|\bIDENTITY\s*\(\s*\d+\s*,\s*\d+\s*\)|\bNVARCHAR\s*\(\s*MAX\s*\)/im,
  },
  { name: "Oracle", words: ["oracle", "oracledb"], syntax: /\bVARCHAR2\s*\(|\bNUMBER\s*\(\d+\s*(,\s*\d+\s*)?\)/i },
  { name: "Snowflake", words: ["snowflake", "snowflake-sdk"] },
  { name: "BigQuery", words: ["bigquery"] },
  { name: "DuckDB", words: ["duckdb"] },
  { name: "Cassandra", words: ["cassandra", "cassandra-driver", "scylla"] },
];

/** A word that names PostgreSQL, or a database that speaks its SQL. */
const ours =
  /^(aurora-)?(pg|pg-core|pglite|postgres|postgresql|postgres-js|node-postgres|neon|neon-http|cockroach(db)?|redshift|timescale(db)?|citus|supabase|vercel-postgres|gel)$/;

const nameOf = new Map(databases.flatMap(({ name, words }) => words.map((word) => [word, name] as const)));

/** PostgreSQL, or the other database that a word of a setting names; undefined if it names none. */
export function databaseNamed(word: string): string | undefined {
  const lower = word.toLowerCase();
  return ours.test(lower) ? postgresql : nameOf.get(lower);
}

export const postgresql = "PostgreSQL";

/** The names to write in a configuration. */
export const databaseNames: readonly string[] = ["postgresql", ...databases.flatMap(({ words }) => words[0] ?? [])];

/** The database that a path names: a folder `mysql`, a file `schema.mysql.sql`, `schema-mysql.sql` or `mysql-init.sql`. */
export function databaseOfPath(path: string): string | undefined {
  const stem = basename(path).replace(/\.[^.]*$/, "");
  const words = stem.split(/[._-]/);
  const [, last] = /^(?:schema|data|init|structure|create|tables|dump)[-_](\w+)$/i.exec(stem) ?? [];
  const named = [words[0] ?? "", stem.split(".").at(-1) ?? "", last ?? "", ...words.filter((word) => ours.test(word))];
  // Two letters such as `d1` may mean anything in a path.
  const found = [...dirname(path).split("/"), ...named].filter((word) => word.length > 2 || ours.test(word));
  return found.flatMap((word) => databaseNamed(word) ?? []).at(-1);
}

/** The database that a package is a client of; undefined for packages that serve several. */
export function databaseOfPackage(name: string): string | undefined {
  // An import such as "@/lib/mysql" leads to the code's own files.
  const parts = /^[@~#$]?\//.test(name) ? [] : name.replace(/^@/, "").split("/");
  return parts.flatMap((part) => databaseNamed(part) ?? [])[0];
}

/** The length of text that surely shows its database. */
const readLength = 1 << 20;
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** The other database whose syntax a text uses outside of its texts and comments, which PostgreSQL can't read. */
export function databaseOfSyntax(whole: string): string | undefined {
  const text = whole.slice(0, readLength);
  if (!databases.some(({ syntax }) => syntax?.test(text))) return undefined;
  const bare = text.replaceAll(quoted, (part) => (part.startsWith('"') ? " x " : " "));
  return databases.find(({ syntax }) => syntax?.test(bare))?.name;
}

/** True for a text that only PostgreSQL and its kin can read. */
export function isPostgres(text: string): boolean {
  return /\$\d\b|::\s*\w|\b(jsonb|timestamptz|bigserial|serial|bytea|plpgsql|ILIKE)\b/i.test(
    text.slice(0, readLength).replaceAll(quoted, " "),
  );
}
