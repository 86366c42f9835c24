import type { Phase } from "../../architecture/changes/phase";
import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import type { Statement } from "../postgres/sql-statements";
import { createSync, dropSync, syncName } from "./column-sync";

/**
 * The longest time that a statement waits for its lock, and so the longest time that it makes others wait. The
 * transaction is repeated a few times.
 */
export const lockTimeout = "1s";

/** The statements that run in one transaction when a change enters a phase from the one before. */
export function entering(next: SchemaChangeInputs, phase: Phase): readonly Statement[] {
  const alter = (command: string) => ({ sql: `ALTER TABLE ${quoteQualified(next.schema, next.table)} ${command}` });
  switch (phase) {
    case "expand":
      return addColumns(next);
    case "dual-write":
      return [...createSync(next), ...required(next).flatMap(({ name }) => addChecks(next, name))];
    case "backfill":
      return [];
    case "switch-reads":
      // The validated constraint proves it, so no row is read.
      return required(next).flatMap(({ name }) => [
        alter(`ALTER COLUMN ${quoteIdentifier(name)} SET NOT NULL`),
        alter(`DROP CONSTRAINT IF EXISTS ${quoteIdentifier(checkName(next, name))}`),
      ]);
    case "contract":
      return [
        ...dropSync(next),
        ...next.drop.map(({ name }) => alter(`DROP COLUMN IF EXISTS ${quoteIdentifier(name)}`)),
      ];
  }
}

/** The statements that run when a change goes back from a phase to the one before. */
export function leaving(next: SchemaChangeInputs, phase: Exclude<Phase, "contract">): readonly Statement[] {
  switch (phase) {
    case "expand":
      return dropColumns(next);
    case "dual-write":
      // The new columns start empty again, because nothing keeps them equal from now on.
      return [...dropSync(next), ...dropColumns(next), ...addColumns(next)];
    case "backfill":
      return [];
    case "switch-reads":
      return required(next).flatMap(({ name }) => [
        ...addChecks(next, name),
        {
          sql: `ALTER TABLE ${quoteQualified(next.schema, next.table)} ALTER COLUMN ${quoteIdentifier(name)} DROP NOT NULL`,
        },
      ]);
  }
}

/** Checks the rows that existed before; readers and writers go on meanwhile. */
export function validation(next: SchemaChangeInputs): readonly Statement[] {
  return required(next).map(({ name }) => ({
    sql: `ALTER TABLE ${quoteQualified(next.schema, next.table)} VALIDATE CONSTRAINT ${quoteIdentifier(checkName(next, name))}`,
  }));
}

function addColumns({ schema, table, add }: SchemaChangeInputs): readonly Statement[] {
  return add.map(({ name, type }) => ({
    sql: `ALTER TABLE ${quoteQualified(schema, table)} ADD COLUMN IF NOT EXISTS ${quoteIdentifier(name)} ${type}`,
  }));
}

function dropColumns({ schema, table, add }: SchemaChangeInputs): readonly Statement[] {
  return add.map(({ name }) => ({
    sql: `ALTER TABLE ${quoteQualified(schema, table)} DROP COLUMN IF EXISTS ${quoteIdentifier(name)}`,
  }));
}

/** Not valid: new rows are checked from now on, and existing ones after the backfill. */
function addChecks(next: SchemaChangeInputs, column: string): readonly Statement[] {
  const [table, check] = [quoteQualified(next.schema, next.table), quoteIdentifier(checkName(next, column))];
  return [
    { sql: `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${check}` },
    { sql: `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${quoteIdentifier(column)} IS NOT NULL) NOT VALID` },
  ];
}

function required({ add }: SchemaChangeInputs) {
  return add.filter(({ notNull }) => notNull);
}

/** By the column's position, because its name could make the constraint's too long. */
function checkName(next: SchemaChangeInputs, column: string): string {
  return `${syncName(next)}_${next.add.findIndex(({ name }) => name === column) + 1}`;
}
