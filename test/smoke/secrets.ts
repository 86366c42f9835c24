/** Texts that would reveal a Secret's value, by the Secret's name and key. */
export type Kept = ReadonlyMap<string, readonly string[]>;

/** A list of Secrets in the format of the cluster's API. */
export interface SecretList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly data?: Readonly<Record<string, string>>;
  }[];
}

/** True for public values: certificates and user names. */
const isPublic = (key: string) => key === "username" || key.endsWith(".crt");

export function keptIn({ items }: SecretList): Kept {
  const values = items.flatMap(({ metadata, data = {} }) =>
    Object.entries(data)
      .filter(([key]) => !isPublic(key))
      .map(([key, value]) => [`${metadata.name}/${key}`, tellingParts(value)] as const),
  );
  return new Map(values);
}

/** The texts of a value that cannot occur by chance: a password, a line of a key, a verifier. */
function tellingParts(base64: string): readonly string[] {
  const bytes = Buffer.from(base64, "base64");
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) return [base64];
  return text.split(/[\s"]+/).filter((part) => part.length >= 12 && /\d/.test(part));
}

/** The texts that reveal a Secret: the name of the text and of the Secret, never the value. */
export function betrayals(kept: Kept, texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([where, text]) =>
    [...kept]
      .filter(([, parts]) => parts.some((part) => text.includes(part)))
      .map(([secret]) => `${where} shows ${secret}`),
  );
}
