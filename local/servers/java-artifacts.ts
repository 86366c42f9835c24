import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { cacheDirectory } from "../../common/system/cache";
import { root } from "../../common/system/checkout";
import { versions } from "../../common/system/versions";

/** The lists of the SHA-256 of the files that Maven fetches: for Kafka with Connect, and for Debezium. */
export const kafkaChecksums = join(root, "local", "servers", "kafka.sha256");
export const debeziumChecksums = join(root, "local", "servers", "debezium.sha256");

/** The directory with the jars of Kafka and Kafka Connect. */
export function kafkaJars(cache = cacheDirectory()): string {
  return join(cache, "kafka", `${versions.kafka}-${digestOf([kafkaChecksums])}`);
}

/** The source of tenantry's own connector, in Java. */
export const outboxConnectorSource = join(root, "images", "connect", "outbox-connector");

/** The directory of Connect's plugins. It contains Debezium's directory, which also holds this checkout's tenantry connector. */
export function connectPlugins(cache = cacheDirectory()): string {
  const digest = digestOf([debeziumChecksums, ...sourcesOf(outboxConnectorSource)]);
  return join(cache, "connect-plugins", `debezium-${versions.debezium}-${digest}`);
}

/** The source files of a Maven project, without its `target`. */
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
