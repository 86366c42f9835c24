import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problems } from "../../common/problem";
import { installDirectory } from "../../common/system/cache";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";
import { versions } from "../../common/system/versions";
import {
  connectPlugins,
  debeziumChecksums,
  kafkaChecksums,
  kafkaJars,
  outboxConnectorSource,
} from "../servers/java-artifacts";
import { javaLocale } from "../servers/java-server";
import { differenceFrom, parseChecksums } from "./checksums";
import type { SetupStep } from "./setup-step";

const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const pom = join(root, "local", "servers", "pom.xml");
const debezium = "debezium-connector-postgres";
/** Of Debezium's dependencies, what its plugin archive holds: Connect has the others. */
const debeziumGroups = "io.debezium,org.postgresql,com.google.protobuf,com.datadoghq";
const ownJar = join(debezium, `outbox-connector-${versions.outboxConnector}.jar`);

interface Fetched {
  readonly title: string;
  readonly version: string;
  readonly target: string;
  /** The file with the checksums of all fetched files, in the format of `sha256sum`. */
  readonly checksums: string;
  /** Additional jars that are compiled here. */
  readonly built: readonly string[];
  /** Maven's goals. The directory `work` is deleted afterwards. */
  goals(directory: string, work: string): readonly string[];
}

export const kafkaStep: SetupStep = fromMaven({
  title: "Kafka and Connect",
  version: versions.kafka,
  target: kafkaJars(),
  checksums: kafkaChecksums,
  built: [],
  goals: (directory, work) => [
    "-f",
    pom,
    `${plugin}:copy-dependencies`,
    `-Dkafka.version=${versions.kafka}`,
    `-Dwork=${work}`,
    "-DincludeScope=runtime",
    `-DoutputDirectory=${directory}`,
  ],
});

/** Debezium with tenantry's connector, which is compiled against it. Both are in one folder because Connect isolates folders from each other. */
export const debeziumStep: SetupStep = fromMaven({
  title: "Debezium",
  version: versions.debezium,
  target: connectPlugins(),
  checksums: debeziumChecksums,
  built: [ownJar],
  goals: (directory, work) => [
    "-f",
    join(outboxConnectorSource, "pom.xml"),
    `${plugin}:copy-dependencies`,
    `-DincludeGroupIds=${debeziumGroups}`,
    `-DoutputDirectory=${join(directory, debezium)}`,
    "package",
    `-Ddebezium.version=${versions.debezium}`,
    `-Dkafka.version=${versions.kafka}`,
    `-Dwork=${work}`,
    `-Dplugin=${join(directory, debezium)}`,
  ],
});

function fromMaven(fetched: Fetched): SetupStep {
  const { title, version, target, goals } = fetched;
  return {
    title,
    async provide() {
      const work = mkdtempSync(join(tmpdir(), "tenantry-maven-"));
      try {
        const made = await installDirectory(target, {
          fill: (directory) => fetchByMaven(`${title} ${version}`, goals(directory, work)),
          flaw: async (directory) => flawOf(fetched, directory),
        });
        return made ? `${version}, fetched` : version;
      } catch (error) {
        throw error instanceof Problems ? error : notAsExpected(`${title} ${version}`, error);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
  };
}

async function fetchByMaven(what: string, goals: readonly string[]): Promise<void> {
  // `--strict-checksums` makes a wrong checksum an error; Maven's default is a warning.
  const { code, stdout, stderr } = await run("mvn", ["-B", "-ntp", "-q", "--strict-checksums", ...goals], {
    env: { ...process.env, ...javaLocale },
  });
  if (code !== 0) throw mavenFailed(what, `${stdout}${stderr}`);
}

/** Checks the files in the directory. Maven records elsewhere what it unpacked, so it may skip a directory that is now empty. */
function flawOf({ checksums, built }: Fetched, directory: string): string | undefined {
  const missing = built.find((jar) => !statSync(join(directory, jar), { throwIfNoEntry: false })?.size);
  if (missing !== undefined) return `${missing} is missing`;
  return differenceFrom(parseChecksums(readFileSync(checksums, "utf8")), directory, built);
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
      fix: "Check the connection to your Maven repository (~/.m2/settings.xml), then run `tenantry setup` again.",
    },
  ]);
}

function notAsExpected(what: string, error: unknown): Problems {
  return new Problems([
    {
      what: `Maven's files of ${what} have wrong checksums and were not installed`,
      got: error instanceof Error ? error.message : String(error),
      expected: "the files that local/servers/*.sha256 list",
      fix: "Delete that artifact from ~/.m2/repository and run `tenantry setup` again. If it stays different, your Maven repository serves another file than Maven Central.",
    },
  ]);
}
