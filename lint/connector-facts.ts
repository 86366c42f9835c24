import { parseAllDocuments } from "yaml";
import { isDebeziumClass } from "../architecture/data-plane/connector-class";
import type { Place } from "../common/problem";
import { placeAt, type Source } from "../common/source";
import { keyOffset, resolveAliases, withLineFeeds } from "../common/yaml-file";

/** A connector as a file or a stack has it. */
export interface ConnectorFacts {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  /** What the stack asks for; undefined where no stack is known. */
  readonly consistency?: "strong" | "bounded" | "eventual";
  /** The place of a key of the configuration, or of the configuration where the key is missing. */
  placeOf(key: string): Place;
}

/** Whether a text may be a connector: no more than a look, so that other YAML and JSON need not be parsed. */
export function mayBeConnector(text: string): boolean {
  return text.includes("connector.class") || /^kind:\s*["']?KafkaConnector\b/m.test(text);
}

/**
 * The connectors in YAML or JSON: a configuration alone, `{ name, config }` as Kafka Connect's REST interface takes it, or
 * Strimzi's `KafkaConnector`. What cannot be read as any of these has none.
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

/** Whether it is Debezium's connector for PostgreSQL, or the one made from it. */
export function isDebezium({ config }: ConnectorFacts): boolean {
  return isDebeziumClass(config["connector.class"]);
}

/** A value that is known only later: of a template, `<host>`; of a worker, `${file:…}`; of servers that do not run yet. */
export function isFilledInLater(value: string): boolean {
  return /^<\w+>$|^\$\{[^}]+\}$|^\[known /.test(value);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
