import type { Client } from "pg";

/** A file of cold rows, as the catalog has it. */
interface CatalogFile {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The manifest of one period, as the catalog has it. */
interface CatalogManifest {
  readonly key: string;
  readonly sha256: string;
}

export interface ColdCatalog {
  readonly files: readonly CatalogFile[];
  readonly manifests: readonly CatalogManifest[];
}

/** Reads the files and manifests that must be in the store: those of periods that have left the database, and are not deleted. */
export async function readColdCatalog(admin: Client): Promise<ColdCatalog> {
  const { rows: files } = await admin.query<CatalogFile>(
    `SELECT key, bytes::float8 AS bytes, sha256 FROM tenantry.cold_file WHERE verified_at IS NOT NULL ORDER BY key`,
  );
  const { rows: manifests } = await admin.query<CatalogManifest>(
    `SELECT manifest_key AS key, manifest_sha256 AS sha256 FROM tenantry.aged_partition
     WHERE step IN ('verified', 'detached', 'dropped') AND manifest_key IS NOT NULL AND manifest_sha256 IS NOT NULL ORDER BY 1`,
  );
  return { files, manifests };
}
