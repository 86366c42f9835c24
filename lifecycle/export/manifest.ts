import { createHash } from "node:crypto";
import { z } from "zod";
import { tableId } from "../../provider/postgres/live-tables";
import type { Period } from "../aged-partition";
import type { FileColumn } from "./export-column";

/** Version of the manifest's form. A reader refuses a higher one. */
const manifestFormat = 1;

const column = z.object({
  name: z.string(),
  type: z.string(),
  base: z.string(),
  baseType: z.string(),
  generated: z.boolean(),
  stored: z.string(),
});
const file = z.object({
  /** Below the manifest's own folder. */
  path: z.string(),
  tenant: z.string(),
  part: z.int(),
  rows: z.int(),
  bytes: z.int(),
  sha256: z.string(),
  rowChecksum: z.string(),
  firstTime: z.string().nullable(),
  lastTime: z.string().nullable(),
  /** Index of its columns in `schemas`. */
  schema: z.int(),
});

export const manifestSchema = z.object({
  format: z.literal(manifestFormat),
  table: z.string(),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  tenantColumn: z.string(),
  timeColumn: z.string(),
  primaryKey: z.array(z.string()),
  rows: z.int(),
  schemas: z.array(z.array(column)),
  files: z.array(file),
  writtenAt: z.iso.datetime(),
});

/** Describes the files of one period, beside them: for readers without the database, and against tampering. */
export type Manifest = z.output<typeof manifestSchema>;

/** A file in the catalog. */
export interface ColdFile extends Period {
  readonly key: string;
  readonly tenant: string;
  readonly batch: number;
  readonly part: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly checksum: string;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly columns: readonly FileColumn[];
}

/** A file as the catalog has it. */
export interface RecordedFile extends ColdFile {
  /** True if it was read back and had the values of the database. */
  readonly verified: boolean;
}

export interface ManifestTable {
  readonly tenantColumn: string;
  readonly by: string;
  readonly primaryKey: readonly string[];
}

export function manifestOf(
  period: Period,
  prefix: string,
  { tenantColumn, by, primaryKey }: ManifestTable,
  files: readonly ColdFile[],
): Manifest {
  const schemas = new Map(files.map(({ columns }) => [JSON.stringify(columns), columns]));
  const order = [...schemas.keys()];
  return {
    format: manifestFormat,
    table: tableId(period),
    startsAt: period.startsAt.toISOString(),
    endsAt: period.endsAt.toISOString(),
    tenantColumn,
    timeColumn: by,
    primaryKey: [...primaryKey],
    rows: files.reduce((sum, { rows }) => sum + rows, 0),
    schemas: [...schemas.values()].map((columns) => [...columns]),
    files: files.map((each) => ({
      path: each.key.slice(prefix.length + 1),
      tenant: each.tenant,
      part: each.part,
      rows: each.rows,
      bytes: each.bytes,
      sha256: each.sha256,
      rowChecksum: each.checksum,
      firstTime: each.firstTime,
      lastTime: each.lastTime,
      schema: order.indexOf(JSON.stringify(each.columns)),
    })),
    writtenAt: new Date().toISOString(),
  };
}

export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
