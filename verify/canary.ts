import { randomInt, randomUUID } from "node:crypto";
import type { Column } from "./live-catalog";

/** Prefix of every text canary, so that a row of another tenant is recognised anywhere. */
export const canaryPrefix = "tenantry-verify";

/**
 * Creates a unique value for a column whose type can hold one. An int4 can't: a view that multiplies a large one
 * would overflow, and a small one may not be unique.
 */
export function canary({ base, type, isArray, labels, maxLength }: Column): string | undefined {
  if (isArray || labels || (maxLength !== null && maxLength < canaryText().length)) return undefined;
  switch (base) {
    case "uuid":
      return randomUUID();
    case "text":
    case "varchar":
    case "bpchar":
    case "citext":
      return canaryText();
    case "json":
    case "jsonb":
      return JSON.stringify({ probe: canaryText() });
    case "numeric":
      return takesNineDigits(type) ? canaryNumber() : undefined;
    case "int8":
    case "float8":
      return canaryNumber();
    default:
      return undefined;
  }
}

/** Returns the unique part of a value; undefined if other rows may have the value too. */
export function canaryIn(value: string): string | undefined {
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(value)) return value;
  return value.match(/tenantry[-_]verify[-_][0-9a-f]{8}/)?.[0] ?? value.match(/^(7\d{8})(?:\.0*)?$/)?.[1];
}

export const canaryText = () => `${canaryPrefix}-${randomUUID().slice(0, 8)}`;

const canaryNumber = () => String(randomInt(700_000_000, 800_000_000));

function takesNineDigits(type: string): boolean {
  const [, precision, scale] = /\((\d+),(-?\d+)\)/.exec(type) ?? [];
  return precision === undefined || Number(precision) - Number(scale) >= 9;
}
