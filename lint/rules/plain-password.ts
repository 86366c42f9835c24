import { isFilledInLater } from "../connector-facts";
import type { Rule } from "../rule";

const secretKey = /password|passphrase|secret\.?(access\.?)?key|sasl\.jaas\.config|api\.?key|token/i;

export const plainPassword: Rule = {
  name: "plain-password",
  severity: "error",
  harm: "Everybody who reads the repository sees a password in a file; Kafka Connect shows one in a connector to anybody who asks.",
  checkConnector({ name, config, placeOf }) {
    return Object.entries(config)
      .filter(([key, value]) => secretKey.test(key) && value !== "" && !holdsReference(value))
      .map(([key]) => ({
        what: `\`${key}\` of connector \`${name}\` is written out: Kafka Connect's REST interface shows it`,
        fix: "Write a reference that the worker resolves, such as `${file:/run/secrets/connect.properties:cdc}`",
        at: withoutText(placeOf(key)),
      }));
  },
  checkStack({ get, placeOf }) {
    const found: string[][] = [];
    const visit = (value: unknown, path: readonly string[]): void => {
      if (typeof value === "string" && secretKey.test(path.at(-1) ?? "") && !isFilledInLater(value))
        found.push([...path]);
      else if (typeof value === "object" && value !== null) {
        for (const [key, inner] of Object.entries(value)) if (key !== "secure") visit(inner, [...path, key]);
      }
    };
    for (const key of ["endpoints", "store"]) visit(get(key), [key]);
    return found.map(([key = "", ...path]) => ({
      what: `\`tenantry:${key}\`, \`${path.join(".")}\`, is a password that everybody can read`,
      fix: `Run \`pulumi config set --secret --path 'tenantry:${key}.${path.join(".")}'\`, which encrypts it`,
      at: withoutText(placeOf(key, ...path)),
    }));
  },
};

function holdsReference(value: string): boolean {
  return isFilledInLater(value) || /\$\{[^}]+\}/.test(value);
}

/** The place without its line of text, which would show the password. */
function withoutText<T extends { readonly text?: string }>({ text: _, ...place }: T) {
  return place;
}
