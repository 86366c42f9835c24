import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Problems } from "../../common/problem";
import { readIfThere } from "../../common/system/files";
import { kafkaJars } from "./java-artifacts";

/** The path of `java`: from JAVA_HOME, otherwise from PATH. */
export function javaProgram(env: NodeJS.ProcessEnv = process.env): string {
  const home = env.JAVA_HOME;
  return home && existsSync(join(home, "bin", "java")) ? join(home, "bin", "java") : "java";
}

/** The locale for Java. It decodes file names by the locale, and the locale C has only ASCII. */
export const javaLocale: NodeJS.ProcessEnv = { LC_ALL: "C.UTF-8" };

/** The arguments that run a class of Kafka or Connect. */
export function javaArguments(heapMiB: number, logConfig: string, main: string, args: readonly string[]): string[] {
  return [
    `-Xmx${heapMiB}m`,
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    // A URL, because Log4j fails on a path with a space.
    `-Dlog4j2.configurationFile=${pathToFileURL(logConfig)}`,
    "-cp",
    join(kafkaJars(), "*"),
    main,
    ...args,
  ];
}

/** Writes a server's configuration. Returns true if it changed, so that a running server must restart. */
export function writeConfig(directory: string, files: Readonly<Record<string, string>>): boolean {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const changed = Object.entries(files).filter(([name, text]) => readIfThere(join(directory, name)) !== text);
  for (const [name, text] of changed) writeFileSync(join(directory, name), text, { mode: 0o600 });
  return changed.length > 0;
}

/** Throws Problems if set-up has not installed the server. */
export function requireInstalled(title: string, directory: string): void {
  if (existsSync(directory)) return;
  throw new Problems([
    { what: `${title} is not installed`, expected: `its files in ${directory}`, fix: "Run `tenantry setup`." },
  ]);
}
