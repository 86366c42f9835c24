import type { Phase } from "../../architecture/changes/phase";
import type { SchemaChangeInputs } from "../../architecture/data-plane/declaration";
import { hashOf } from "../../common/source";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import type { Reader, Statement } from "../postgres/sql-statements";

/** What the database knows of a schema change that has begun. */
export interface ChangeRecord {
  readonly table: string;
  readonly definition: string;
  readonly phase: Phase;
  readonly since: Date;
  readonly backfilled: BackfillPlace | null;
  /** Calls by query id. Null without pg_stat_statements. */
  readonly statements: Readonly<Record<string, string>> | null;
}

/** The place where a backfill continues. */
export interface BackfillPlace {
  readonly relation: string;
  /** The tenant, as text. @default the relation's rows belong to no tenant */
  readonly tenant?: string;
  /** Rows that it has changed so far. */
  readonly rows: number;
  /** True if every row is filled and validated. */
  readonly isDone?: boolean;
}

export type ChangeName = Pick<SchemaChangeInputs, "schema" | "change">;

/** Reads the record; undefined if the change has not begun. */
export async function readRecord(read: Reader, { schema, change }: ChangeName): Promise<ChangeRecord | undefined> {
  try {
    const [record] = await read<ChangeRecord>(
      `SELECT table_name AS "table", definition, phase, phase_since AS since, backfilled, old_statements AS statements
       FROM tenantry.schema_change WHERE schema_name = $1 AND name = $2`,
      [schema, change],
    );
    return record;
  } catch (error) {
    if (errorCode(error) === sqlState.undefinedTable || errorCode(error) === sqlState.undefinedSchema) return undefined;
    throw error;
  }
}

/** Records that a change is in a phase. The place of an earlier backfill is forgotten. */
export function recordPhase(next: SchemaChangeInputs, phase: Phase): Statement {
  return {
    sql: `INSERT INTO tenantry.schema_change (schema_name, name, table_name, definition, phase) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (schema_name, name) DO UPDATE SET phase = excluded.phase, phase_since = now(),
  backfilled = CASE WHEN excluded.phase IN ('switch-reads', 'contract') THEN schema_change.backfilled END,
  old_statements = NULL`,
    values: [next.schema, next.change, next.table, definitionOf(next), phase],
  };
}

export function recordPlace({ schema, change }: ChangeName, place: BackfillPlace): Statement {
  return {
    sql: "UPDATE tenantry.schema_change SET backfilled = $3 WHERE schema_name = $1 AND name = $2",
    values: [schema, change, JSON.stringify(place)],
  };
}

export function recordStatements({ schema, change }: ChangeName, calls: Readonly<Record<string, string>>): Statement {
  return {
    sql: "UPDATE tenantry.schema_change SET old_statements = $3 WHERE schema_name = $1 AND name = $2",
    values: [schema, change, JSON.stringify(calls)],
  };
}

export function forgetChange({ schema, change }: ChangeName): Statement {
  return {
    sql: "DELETE FROM tenantry.schema_change WHERE schema_name = $1 AND name = $2",
    values: [schema, change],
  };
}

/** Hash of what may not change once the change has begun. */
export function definitionOf({ table, add, drop }: SchemaChangeInputs): string {
  // Values in a fixed order, because Pulumi stores properties in another one.
  const added = add.map(({ name, type, notNull, value }) => [name, type, notNull, value]);
  return hashOf(JSON.stringify([table, added, drop.map(({ name, value }) => [name, value])]));
}
