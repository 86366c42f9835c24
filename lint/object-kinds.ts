export interface ObjectKind {
  readonly noun: string;
  /** The file's own objects are known by it and their name; relations, without one, by their name alone. */
  readonly kind?: string;
}

/** Objects beside relations that a release names, by the parser's names. */
export const objectKinds: Readonly<Record<string, ObjectKind>> = {
  OBJECT_FUNCTION: { noun: "function", kind: "function" },
  OBJECT_PROCEDURE: { noun: "procedure", kind: "function" },
  OBJECT_ROUTINE: { noun: "routine", kind: "function" },
  OBJECT_AGGREGATE: { noun: "aggregate", kind: "function" },
  OBJECT_TYPE: { noun: "type", kind: "type" },
  OBJECT_DOMAIN: { noun: "domain", kind: "type" },
  OBJECT_SCHEMA: { noun: "schema", kind: "schema" },
};

/** How an object is known among those that a file has made. */
export function objectKey({ kind }: ObjectKind, name: string): string {
  return kind === undefined ? name : `${kind} ${name}`;
}
