import { Output } from "@pulumi/pulumi";
import { unknownYet } from "../architecture/endpoints";

/** A copy of a resource's inputs with `unknownYet` for what only the servers will tell. */
export function replaceUnknowns(value: unknown): unknown {
  if (Output.isInstance(value)) return unknownYet;
  if (Array.isArray(value))
    return Array.from({ length: value.length }, (_, index) => replaceUnknowns(readOr(value, index)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, replaceUnknowns(readOr(value, key))]));
}

/** Pulumi's policies get proxies that throw where an unknown is read. */
function readOr(value: object, key: string | number): unknown {
  try {
    return (value as Readonly<Record<string | number, unknown>>)[key];
  } catch {
    return unknownYet;
  }
}
