import { z } from "zod";
import type { MigrationInputs } from "../../architecture/data-plane/declaration";
import type { Problem } from "../../common/problem";
import { findSameContent, forgetEntry, type LedgerEntry, readEntry } from "../migrations/ledger";
import { applyFile, edited } from "../migrations/migrating";
import { readerOf } from "../postgres/sql-statements";
import { identifier } from "../protocol/input-schemas";
import type { ResourceHandler } from "../protocol/resource-handler";

/**
 * One SQL file, applied once or after each change. The ledger `tenantry.migrations` in the database records what is
 * applied, so a file is adopted even if Pulumi's state was lost. The state has the hash, not the statements.
 */
export const migration: ResourceHandler<MigrationInputs> = {
  noun: "Migration",

  inputs: z.object({
    path: z.string().min(1),
    hash: z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hexadecimal"),
    statements: z.array(z.object({ sql: z.string(), line: z.int().min(1) })),
    transaction: z.boolean(),
    schema: identifier,
    sharedSchema: identifier.exactOptional(),
    apply: z.enum(["once", "onChange"]),
    tables: z.record(identifier, z.enum(["tenant", "reference", "local"])).exactOptional(),
  }) satisfies z.ZodType<MigrationInputs>,

  check(old, next) {
    const problems = next.transaction ? endsTransaction(next) : [];
    return old && next.apply === "once" && old.hash !== next.hash ? [edited(next, old.hash), ...problems] : problems;
  },

  diff(old, next) {
    return (["path", "hash"] as const)
      .filter((path) => old[path] !== next[path])
      .map((path) => ({ path, how: "update" as const }));
  },

  preview(old, next) {
    if (!next) return old ? [`-- what ${old.path} made stays in the database`] : [];
    if (old?.hash === next.hash) return [`-- ${next.path} is applied as ${old.path}; only its name changes`];
    const statements = next.statements.map(({ sql }) => `${sql.trim().replace(/;$/, "")};`);
    return next.transaction ? ["BEGIN;", ...statements, "COMMIT;"] : statements;
  },

  async create(context, next) {
    await applyFile(context, next);
    return { id: next.path, state: withoutStatements(next) };
  },

  async update(context, _id, old, next) {
    await applyFile(context, next);
    if (old.path !== next.path) await context.database.transaction((client) => forgetEntry(client, old.path));
    return withoutStatements(next);
  },

  async delete({ database, log }, _id, old) {
    const forgotten = await database.transaction(async (client) => {
      const read = readerOf(client);
      const [ledger] = await read<{ there: boolean }>("SELECT to_regclass('tenantry.migrations') IS NOT NULL AS there");
      if (!ledger?.there) return true;
      const renamed = (await findSameContent(read, old.hash, old.path)) !== undefined;
      // Removes the record of a file that may run again, or whose objects are gone.
      const forget = renamed || old.apply === "onChange" || (await isEmpty(read, old.schema));
      if (forget) await forgetEntry(client, old.path);
      return forget;
    });
    if (!forgotten) log(`what ${old.path} made stays in the database, and is known there as applied`);
  },

  async read({ database }, id, old) {
    const entry = await readEntry(database.query.bind(database), id);
    // An interrupted file reads as missing. Creating it does the rest.
    return entry?.complete ? asState(entry, old) : undefined;
  },
};

function asState({ path, hash }: LedgerEntry, old: MigrationInputs | undefined): MigrationInputs {
  return { transaction: true, schema: "public", apply: "once", ...old, path, hash, statements: [] };
}

function withoutStatements({ tables: _, ...next }: MigrationInputs): MigrationInputs {
  return { ...next, statements: [] };
}

/** A file that ends its own transaction would commit half of itself. */
function endsTransaction({ path, statements }: MigrationInputs): readonly Problem[] {
  const leadingComments = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/;
  return statements.flatMap(({ sql, line }) => {
    const statement = sql.replace(leadingComments, "");
    const word = /^(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|PREPARE\s+TRANSACTION)\b/i.exec(statement)?.[0];
    if (word === undefined) return [];
    const above = sql.slice(0, sql.length - statement.length).split("\n").length - 1;
    return {
      what: `${word.toUpperCase()} in a file that runs in one transaction`,
      fix: "remove it; a file whose statements each commit begins with the line `-- tenantry: no transaction`",
      at: { file: path, line: line + above },
    };
  });
}

async function isEmpty(read: ReturnType<typeof readerOf>, schema: string): Promise<boolean> {
  const [row] = await read<{ empty: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)))
       AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace(quote_ident($1))) AS empty`,
    [schema],
  );
  return row?.empty === true;
}
