import { Problems } from "../../common/problem";
import { run } from "../../common/system/run";
import { javaProgram } from "../servers/java-server";
import type { SetupStep } from "./setup-step";

const leastMajor = 17;

export const javaStep: SetupStep = {
  title: "Java",
  async provide() {
    const { stdout, stderr } = await run(javaProgram(), ["-version"]);
    const version = parseJavaVersion(`${stderr}${stdout}`);
    if (version && Number.parseInt(version, 10) >= leastMajor) return version;
    throw new Problems([
      {
        what: `Java ${leastMajor} or newer is needed to run Kafka`,
        got: version ?? "no Java",
        fix: "Install it: `apt-get install openjdk-17-jre-headless`, `brew install openjdk@17`, or https://adoptium.net; or point JAVA_HOME to it.",
      },
    ]);
  },
};

/** The version in the output of `java -version`: `17.0.15`. */
export function parseJavaVersion(text: string): string | undefined {
  return /version "([\d.]+)/.exec(text)?.[1];
}
