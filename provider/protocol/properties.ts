import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { unknownValue } from "./configuration";

/** A resource's properties as plain JavaScript. */
export type Properties = Record<string, unknown>;

/** Returns secrets in plain text. The engine marks them as secret again in the state, and no code prints properties. */
export function fromStruct(struct: Struct | undefined): Properties {
  return unwrapSecrets(struct?.toJavaScript() ?? {}) as Properties;
}

// https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function unwrapSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapSecrets);
  if (typeof value !== "object" || value === null) return value;
  const properties = value as Properties;
  if (properties[signatureKey] === secretSignature) return unwrapSecrets(properties.value);
  return Object.fromEntries(Object.entries(properties).map(([key, each]) => [key, unwrapSecrets(each)]));
}

export function toStruct(properties: object): Struct {
  // Struct refuses undefined. JSON leaves it out, which means an absent optional property.
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
}

/** True if a preview does not know a value yet. Then nothing can be checked or planned. */
export function hasUnknowns(value: unknown): boolean {
  if (value === unknownValue) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknowns);
}
