import { Output } from "@pulumi/pulumi";
import { unknownYet } from "../architecture/endpoints";

/** Copies a resource's inputs and replaces values that are not known yet by `unknownYet`. */
export function replaceUnknowns(value: unknown): unknown {
  if (Output.isInstance(value)) return unknownYet;
  if (Array.isArray(value))
    return Array.from({ length: value.length }, (_, index) => replaceUnknowns(readOr(value, index)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, replaceUnknowns(readOr(value, key))]));
}

/** Reads a value. Pulumi gives policies proxies that throw when an unknown value is read. */
function readOr(value: object, key: string | number): unknown {
  try {
    return (value as Readonly<Record<string | number, unknown>>)[key];
  } catch {
    return unknownYet;
  }
}
