import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheDirectory } from "../common/system/cache";
import { run } from "../common/system/run";
import { versions } from "../common/system/versions";

/** The directories into which set-up installs Pulumi's programs, one for each way to get them. */
export function pulumiCache(cache = cacheDirectory()) {
  const directory = (name: string) => join(cache, "pulumi", `${name}-${versions.pulumi}`);
  return {
    /** The official release: the CLI with its language hosts and launchers. */
    release: directory("release"),
    /** The CLI alone, built from source. */
    cli: directory("cli"),
    /** `pulumi-language-nodejs`, built from source. */
    languageHost: directory("language-nodejs"),
    /** `pulumi-resource-pulumi-nodejs`, which starts dynamic providers. */
    launcher: directory("dynamic-launcher"),
  };
}

/** The directories to search for Pulumi's programs: PATH, unless its CLI is too old, then the directories of set-up. */
export async function pulumiDirectories(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> {
  const path = (env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  const cached = Object.values(pulumiCache());
  const own = findProgram("pulumi", path);
  return own && isAccepted(await pulumiVersion(own)) ? [...path, ...cached] : [...cached, ...path];
}

/** The program's path in the first directory that has it. */
export function findProgram(name: string, directories: readonly string[]): string | undefined {
  return directories.map((directory) => join(directory, name)).find(isProgram);
}

/** The oldest CLI that works with the SDK in package.json, such as `3.248`: the one of the SDK's version. */
export const oldestPulumi = versions.pulumi.split(".").slice(0, 2).join(".");

/** True for versions from `oldestPulumi` up to but not including 4. */
export function isAccepted(version: string | undefined): boolean {
  const [major = 0, minor = 0] = parts(version ?? "");
  return major === 3 && minor >= (parts(oldestPulumi)[1] ?? 0);
}

function parts(version: string): readonly number[] {
  return version
    .replace(/^v/, "")
    .split(".")
    .map((part) => Number.parseInt(part, 10));
}

export async function pulumiVersion(program: string): Promise<string | undefined> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { code, stdout } = await run(program, ["version"], { env, timeoutMs: 20_000 });
  return code === 0 ? stdout.trim().replace(/^v/, "") : undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
