import { periodKey } from "../../architecture/checks/tiers";
import type { Period } from "../aged-partition";

/** Prefix of a table's objects. Everything below it is Hive-style: DuckDB, Spark and Iceberg read it without tenantry. */
function tablePrefix({ schema, table }: Pick<Period, "schema" | "table">): string {
  return `cold/${encode(schema)}.${encode(table)}`;
}

/** Prefix of one period: `cold/shop.orders/period=2025-01-01T00:00:00Z`. */
export function periodPrefix(period: Period): string {
  return `${tablePrefix(period)}/${periodKey}=${period.startsAt.toISOString().replace(".000Z", "Z")}`;
}

export function manifestKey(period: Period): string {
  return `${periodPrefix(period)}/manifest.json`;
}

/** Prefix of a tenant's files in one period. */
export function tenantPrefix(period: Period, column: string, tenant: string): string {
  return `${periodPrefix(period)}/${encode(column)}=${encode(tenant)}`;
}

export function fileKey(period: Period, column: string, tenant: string, part: number): string {
  return `${tenantPrefix(period, column, tenant)}/part-${String(part).padStart(5, "0")}.parquet`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(".", "%2E");
}
