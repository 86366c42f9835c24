import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { unknownValue } from "./configuration";

/** A resource's properties as plain JavaScript. */
export type Properties = Record<string, unknown>;

export function fromStruct(struct: Struct | undefined): Properties {
  return (struct?.toJavaScript() ?? {}) as Properties;
}

export function toStruct(properties: object): Struct {
  // Struct refuses undefined; JSON leaves it out, which is what an absent optional property means.
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
}

/** True where a preview does not know a value yet: then nothing can be checked or planned. */
export function hasUnknowns(value: unknown): boolean {
  if (value === unknownValue) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknowns);
}
