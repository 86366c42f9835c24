import { existsSync } from "node:fs";
import { join } from "node:path";
import { Problems } from "../../architecture/problem";
import { installDirectory } from "../cache";
import { connectPlugins, kafkaJars } from "../parts";
import { run } from "../run";
import { versions } from "../versions";
import type { Part } from "./part";

const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const pom = join(__dirname, "..", "servers", "pom.xml");

export const kafkaPart: Part = {
  title: "Kafka and Connect",
  provide: () =>
    fromMaven("Kafka and Connect", versions.kafka, kafkaJars(), (directory) => [
      `${plugin}:copy-dependencies`,
      `-Dkafka.version=${versions.kafka}`,
      "-DincludeScope=runtime",
      `-DoutputDirectory=${directory}`,
    ]),
};

export const debeziumPart: Part = {
  title: "Debezium",
  provide: () =>
    fromMaven("Debezium", versions.debezium, connectPlugins(), (directory) => [
      `${plugin}:unpack`,
      `-Dkafka.version=${versions.kafka}`,
      `-Dartifact=io.debezium:debezium-connector-postgres:${versions.debezium}:tar.gz:plugin`,
      `-DoutputDirectory=${directory}`,
    ]),
};

async function fromMaven(
  title: string,
  version: string,
  target: string,
  goal: (directory: string) => readonly string[],
): Promise<string> {
  if (existsSync(target)) return version;
  await installDirectory(target, async (directory) => {
    const { code, stdout, stderr } = await run("mvn", ["-B", "-ntp", "-q", "-f", pom, ...goal(directory)]);
    if (code !== 0) throw mavenFailed(`${title} ${version}`, `${stdout}${stderr}`);
  });
  return `${version}, fetched`;
}

function mavenFailed(what: string, output: string): Problems {
  const errors = output
    .split("\n")
    .filter((line) => line.includes("ERROR"))
    .slice(0, 3);
  return new Problems([
    {
      what: `${what} could not be fetched by Maven`,
      got: errors.join("\n            ") || output.trim().slice(-500),
      fix: "Check the connection to your Maven repository (~/.m2/settings.xml), then run `make setup` again.",
    },
  ]);
}
