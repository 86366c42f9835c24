/** What a Secret's value would be told by, wherever it stood; by the Secret's name and key. */
export type Kept = ReadonlyMap<string, readonly string[]>;

/** As the cluster's API gives them. */
export interface SecretList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly data?: Readonly<Record<string, string>>;
  }[];
}

/** Certificates and names of users are for everybody. */
const isPublic = (key: string) => key === "username" || key.endsWith(".crt");

export function keptIn({ items }: SecretList): Kept {
  const values = items.flatMap(({ metadata, data = {} }) =>
    Object.entries(data)
      .filter(([key]) => !isPublic(key))
      .map(([key, value]) => [`${metadata.name}/${key}`, tellingParts(value)] as const),
  );
  return new Map(values);
}

/** A password, a line of a key, a verifier: what no text has by chance. */
function tellingParts(base64: string): readonly string[] {
  const bytes = Buffer.from(base64, "base64");
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) return [base64];
  return text.split(/[\s"]+/).filter((part) => part.length >= 12 && /\d/.test(part));
}

/** Which text, by its name, betrays which Secret. Never with the value. */
export function betrayals(kept: Kept, texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([where, text]) =>
    [...kept]
      .filter(([, parts]) => parts.some((part) => text.includes(part)))
      .map(([secret]) => `${where} shows ${secret}`),
  );
}
