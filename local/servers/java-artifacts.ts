import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { cacheDirectory } from "../../common/system/cache";
import { root } from "../../common/system/checkout";
import { versions } from "../../common/system/versions";

/** What Maven must have fetched, by SHA-256: of Kafka with Connect, and of Debezium. */
export const kafkaChecksums = join(root, "local", "servers", "kafka.sha256");
export const debeziumChecksums = join(root, "local", "servers", "debezium.sha256");

/** The jars of Kafka and Kafka Connect, one flat directory. */
export function kafkaJars(cache = cacheDirectory()): string {
  return join(cache, "kafka", `${versions.kafka}-${digestOf([kafkaChecksums])}`);
}

/** tenantry's own connector, in Java. */
export const outboxConnectorSource = join(root, "images", "connect", "outbox-connector");

/** A directory of Connect plugins: it holds Debezium's directory, and in this tenantry's connector as this checkout has it. */
export function connectPlugins(cache = cacheDirectory()): string {
  const digest = digestOf([debeziumChecksums, ...sourcesOf(outboxConnectorSource)]);
  return join(cache, "connect-plugins", `debezium-${versions.debezium}-${digest}`);
}

/** What a project is built from; a `target` may lie beside that. */
function sourcesOf(project: string): string[] {
  const sources = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" }).sort();
  return ["pom.xml", ...sources.map((name) => join("src", name))]
    .map((name) => join(project, name))
    .filter((path) => statSync(path).isFile());
}

function digestOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex").slice(0, 12);
}
