import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problems } from "../../architecture/problem";
import { installDirectory } from "../cache";
import { connectPlugins, kafkaJars, outboxConnectorSource } from "../parts";
import { run } from "../run";
import { versions } from "../versions";
import type { Part } from "./part";

const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const pom = join(__dirname, "..", "servers", "pom.xml");

export const kafkaPart: Part = {
  title: "Kafka and Connect",
  provide: () =>
    fromMaven("Kafka and Connect", versions.kafka, kafkaJars(), (directory) => [
      "-f",
      pom,
      `${plugin}:copy-dependencies`,
      `-Dkafka.version=${versions.kafka}`,
      "-DincludeScope=runtime",
      `-DoutputDirectory=${directory}`,
    ]),
};

/** Debezium, and tenantry's connector compiled against it, among its jars: Connect keeps the classes of each folder apart. */
export const debeziumPart: Part = {
  title: "Debezium",
  provide: () =>
    fromMaven("Debezium", versions.debezium, connectPlugins(), (directory, work) => [
      "-f",
      join(outboxConnectorSource, "pom.xml"),
      `${plugin}:unpack`,
      `-Dartifact=io.debezium:debezium-connector-postgres:${versions.debezium}:tar.gz:plugin`,
      `-DoutputDirectory=${directory}`,
      "package",
      `-Ddebezium.version=${versions.debezium}`,
      `-Dkafka.version=${versions.kafka}`,
      `-Dwork=${work}`,
      `-Dplugin=${join(directory, "debezium-connector-postgres")}`,
    ]),
};

async function fromMaven(
  title: string,
  version: string,
  target: string,
  goals: (directory: string, work: string) => readonly string[],
): Promise<string> {
  if (existsSync(target)) return version;
  const work = mkdtempSync(join(tmpdir(), "tenantry-maven-"));
  try {
    await installDirectory(target, async (directory) => {
      const { code, stdout, stderr } = await run("mvn", ["-B", "-ntp", "-q", ...goals(directory, work)]);
      if (code !== 0) throw mavenFailed(`${title} ${version}`, `${stdout}${stderr}`);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
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
