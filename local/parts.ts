import { join } from "node:path";
import { cacheDirectory } from "./cache";
import { versions } from "./versions";

/** The jars of Kafka and Kafka Connect, one flat directory. */
export function kafkaJars(cache = cacheDirectory()): string {
  return join(cache, "kafka", versions.kafka);
}

/** A directory of Connect plugins: it holds Debezium's directory. */
export function connectPlugins(cache = cacheDirectory()): string {
  return join(cache, "connect-plugins", `debezium-${versions.debezium}`);
}
