import { parseAllDocuments } from "yaml";
import { isDebeziumClass } from "../architecture/data-plane/connector-class";
import type { Place } from "../common/problem";
import { placeAt, type Source } from "../common/source";
import { keyOffset, resolveAliases, withLineFeeds } from "../common/yaml-file";

/** A connector in a file or in a stack. */
export interface ConnectorFacts {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  /** Consistency that the stack asks for; undefined if no stack is known. */
  readonly consistency?: "strong" | "bounded" | "eventual";
  /** The place of a key of the configuration; of the whole configuration if the key is missing. */
  placeOf(key: string): Place;
}

/** True if a text may hold a connector. This quick look avoids parsing other YAML and JSON. */
export function mayBeConnector(text: string): boolean {
  return text.includes("connector.class") || /^kind:\s*["']?KafkaConnector\b/m.test(text);
}

/**
 * The connectors in YAML or JSON: a bare configuration, `{ name, config }` for Kafka Connect's REST interface, or
 * Strimzi's `KafkaConnector`. A document that is none of these has no connectors.
 */
export function readConnectors(source: Source): ConnectorFacts[] {
  return parseAllDocuments(withLineFeeds(source.text)).flatMap((document) => {
    if (!("contents" in document) || document.errors.length > 0) return [];
    const resolved = resolveAliases(document);
    const whole = asRecord("value" in resolved ? resolved.value : undefined);
    const spec = asRecord(whole.spec);
    const [path, config]: readonly [readonly string[], Readonly<Record<string, unknown>>] =
      whole.kind === "KafkaConnector"
        ? [["spec", "config"], { ...asRecord(spec.config), "connector.class": spec.class }]
        : "connector.class" in asRecord(whole.config)
          ? [["config"], asRecord(whole.config)]
          : [[], whole];
    if (typeof config["connector.class"] !== "string") return [];
    const metadata = asRecord(whole.metadata);
    return [
      {
        name: String(whole.name ?? metadata.name ?? config.name ?? source.path),
        config: Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)])),
        placeOf: (key) => placeAt(source, keyOffset(document, [...path, key])),
      },
    ];
  });
}

/** True for Debezium's connector for PostgreSQL, and for tenantry's, which extends it. */
export function isDebezium({ config }: ConnectorFacts): boolean {
  return isDebeziumClass(config["connector.class"]);
}

/**
 * True for a value that is filled in later: `<host>` of a template, `${file:…}` of a worker, or an output of servers
 * that do not run yet.
 */
export function isFilledInLater(value: string): boolean {
  return /^<\w+>$|^\$\{[^}]+\}$|^\[known /.test(value);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
