import type { Problem } from "../../common/problem";
import { suggest } from "../../common/suggestion";
import type { ConnectorConfig, Validation } from "./connect-state";

/** Keys that Connect or Kafka's clients define by pattern. Connect does not list them among a plugin's keys. */
const byPattern = [
  /^topic\.creation\.[^.]+\.(include|exclude|partitions|replication\.factor)$/,
  // Any topic setting may follow.
  /^topic\.creation\.[^.]+\.[a-z]+(\.[a-z]+)+$/,
  /^(producer|consumer|admin)\.override\./,
  /^(key|value|header)\.converter\./,
  /^(database|driver|internal)\./,
];

/** Problems that Connect reports, and keys that no plugin defines: Connect ignores those silently. */
export function configurationProblems(
  connector: string,
  config: ConnectorConfig,
  { errors, known }: Validation,
): readonly Problem[] {
  const invalid = errors.map(({ key, message }) => ({
    what: `Connector ${connector}: \`${key}\` is refused`,
    ...(isSecret(key) || config[key] === undefined ? {} : { got: config[key] }),
    expected: message,
    fix: "correct it in connectors/, or in what it is rendered from",
  }));
  const defined = new Set(known);
  const unknown = Object.keys(config).filter(
    (key) => !defined.has(key) && !byPattern.some((pattern) => pattern.test(key)),
  );
  return [...invalid, ...unknown.map((key) => unknownKey(connector, key, known))];
}

function unknownKey(connector: string, key: string, known: readonly string[]): Problem {
  const meant = suggest(key, known);
  return {
    what: `Connector ${connector}: there is no key \`${key}\``,
    got: key,
    ...(meant === undefined ? {} : { expected: meant }),
    fix: meant === undefined ? "remove it: Connect would ignore it" : `write \`${meant}\``,
  };
}

const secretKey = /(password|passphrase|secret|token|credentials?|jaas\.config|keystore\.key)$/;

function isSecret(key: string): boolean {
  return secretKey.test(key);
}

/** Secrets in plain text: everybody who reaches Connect's REST interface could read them. */
export function literalSecrets(connector: string, config: ConnectorConfig, allowed: string): readonly Problem[] {
  return Object.entries(config)
    .filter(([key, value]) => isSecret(key) && value !== allowed && !/\$\{[^}]+:[^}]+\}/.test(value))
    .map(([key]) => ({
      what: `Connector ${connector}: \`${key}\` holds a secret that Kafka Connect would show to anybody`,
      got: "a literal value",
      expected: "a reference that the worker resolves, such as `${file:/run/secrets/connect.properties:cdc}`",
      fix: "put the value into a file that a config provider of the worker reads, and refer to it",
    }));
}
