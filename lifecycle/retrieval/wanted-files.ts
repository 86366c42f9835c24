import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import type { Store } from "../../store/store";
import type { Period } from "../aged-partition";
import type { AgingTable } from "../aging-tables";
import { periodPrefix } from "../export/cold-key";
import type { FileColumn } from "../export/export-column";
import { sha256OfFile } from "../export/export-period";
import { type Manifest, manifestSchema } from "../export/manifest";
import type { ColdRequest } from "./cold-request";
import { damaged } from "./retrieval-failure";

/** A file of the tenant that a request needs. */
export interface WantedFile extends Period {
  readonly key: string;
  readonly part: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly checksum: string;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly columns: readonly FileColumn[];
  readonly manifestKey: string;
  readonly manifestSha256: string;
  /** The wanted time within the file's period; undefined if all of its rows are wanted. */
  readonly within: { readonly from: string; readonly until: string } | null;
}

/**
 * Reads which files of the tenant have rows of the wanted time. A period counts once its rows are only in the store: before,
 * the table itself has them.
 */
export async function readWantedFiles(
  client: Client,
  table: AgingTable,
  { tenant, from, until }: ColdRequest,
): Promise<readonly WantedFile[]> {
  const { rows } = await client.query(
    `SELECT key, file.schema_name AS schema, file.table_name AS table, file.starts_at AS "startsAt", file.ends_at AS "endsAt", part,
       file.rows::float8 AS rows, bytes::float8 AS bytes, sha256, row_checksum::text AS checksum, first_time::text AS "firstTime",
       last_time::text AS "lastTime", columns, manifest_key AS "manifestKey", manifest_sha256 AS "manifestSha256",
       CASE WHEN first_time < $4 OR last_time >= $5 THEN json_build_object(
         'from', greatest($4, file.starts_at)::text, 'until', least($5, file.ends_at)::text) END AS within
     FROM tenantry.cold_file AS file JOIN tenantry.aged_partition AS aged USING (schema_name, table_name, starts_at)
     WHERE tenant = $1 AND file.schema_name = $2 AND file.table_name = $3 AND file.verified_at IS NOT NULL
       AND (step = 'dropped' OR file.batch < aged.batch) AND first_time < $5::timestamptz AND last_time >= $4::timestamptz
     ORDER BY file.starts_at, part`,
    [tenant, table.schema, table.table, from, until],
  );
  return rows as WantedFile[];
}

/** Fetches files, and compares each with the catalog and with the manifest beside it. */
export class CheckedFiles {
  private readonly manifests = new Map<string, Manifest>();

  constructor(
    private readonly store: Store,
    private readonly folder: string,
  ) {}

  /** Writes the file into the folder. @throws RetrievalFailure if it is not the file that was exported */
  async fetch(file: WantedFile, tenant: string): Promise<string> {
    await this.requireInManifest(file, tenant);
    const path = join(this.folder, "file.parquet");
    await this.store.download(file.key, path);
    const found = await sha256OfFile(path);
    if (found !== file.sha256) {
      throw damaged(
        "A file in the store is not the one that was exported",
        `${this.store.url}/${file.key}`,
        `SHA-256 ${found}`,
        `SHA-256 ${file.sha256}, ${file.bytes} bytes`,
      );
    }
    return path;
  }

  private async requireInManifest(file: WantedFile, tenant: string): Promise<void> {
    const manifest = await this.manifest(file);
    const path = file.key.slice(periodPrefix(file).length + 1);
    const entry = manifest.files.find((each) => each.path === path);
    if (entry?.sha256 === file.sha256 && entry.tenant === tenant) return;
    throw damaged(
      "The manifest in the store does not have the file",
      `${this.store.url}/${file.manifestKey}`,
      entry ? `${path} with SHA-256 ${entry.sha256}` : `no ${path}`,
      `${path} with SHA-256 ${file.sha256}`,
    );
  }

  private async manifest({ manifestKey, manifestSha256 }: WantedFile): Promise<Manifest> {
    const known = this.manifests.get(manifestKey);
    if (known) return known;
    const path = join(this.folder, "manifest.json");
    await this.store.download(manifestKey, path);
    const place = `${this.store.url}/${manifestKey}`;
    const found = await sha256OfFile(path);
    if (found !== manifestSha256) {
      throw damaged("The manifest in the store was changed", place, `SHA-256 ${found}`, `SHA-256 ${manifestSha256}`);
    }
    const manifest = manifestSchema.parse(JSON.parse(await readFile(path, "utf8")));
    this.manifests.set(manifestKey, manifest);
    return manifest;
  }
}
