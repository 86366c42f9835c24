import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "./cache";
import { root } from "./checkout";
import { versions } from "./versions";

/** The jars of Kafka and Kafka Connect, one flat directory. */
export function kafkaJars(cache = cacheDirectory()): string {
  return join(cache, "kafka", versions.kafka);
}

/** tenantry's own connector, in Java. */
export const outboxConnectorSource = join(root, "images", "connect", "outbox-connector");

/** A directory of Connect plugins: it holds Debezium's directory, and in this tenantry's connector as this checkout has it. */
export function connectPlugins(cache = cacheDirectory()): string {
  return join(cache, "connect-plugins", `debezium-${versions.debezium}-${digestOf(outboxConnectorSource)}`);
}

/** Of what it is built from; a `target` may lie beside that. */
function digestOf(project: string): string {
  const sources = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" }).sort();
  const files = ["pom.xml", ...sources.map((name) => join("src", name))];
  const hash = createHash("sha256");
  for (const file of files.filter((name) => statSync(join(project, name)).isFile())) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(project, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 12);
}
