export interface ObjectKind {
  readonly noun: string;
  /** Prefix of the object's key. Relations have none: their name alone is the key. */
  readonly kind?: string;
}

/** Kinds of objects, other than relations, that a release refers to by name; keys are the parser's names. */
export const objectKinds: Readonly<Record<string, ObjectKind>> = {
  OBJECT_FUNCTION: { noun: "function", kind: "function" },
  OBJECT_PROCEDURE: { noun: "procedure", kind: "function" },
  OBJECT_ROUTINE: { noun: "routine", kind: "function" },
  OBJECT_AGGREGATE: { noun: "aggregate", kind: "function" },
  OBJECT_TYPE: { noun: "type", kind: "type" },
  OBJECT_DOMAIN: { noun: "domain", kind: "type" },
  OBJECT_SCHEMA: { noun: "schema", kind: "schema" },
};

/** Kinds of relations that a release reads or writes by name. */
export const relations: ReadonlySet<string | undefined> = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_SEQUENCE",
]);

/** Key of an object among those that a file creates. */
export function objectKey({ kind }: ObjectKind, name: string): string {
  return kind === undefined ? name : `${kind} ${name}`;
}
